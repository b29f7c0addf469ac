"""The software bill of materials, CycloneDX 1.6.

Owns what is in it: every package of the lock files with version, hashes and licence. The same
checkout gives the same bytes: no time, and a serial number that is made from the content. Refuses
to say what is not known: a package without a known licence has none.
"""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

import phonemfa
from supply_chain.licences import UNKNOWN
from supply_chain.packages import PROJECT, Package

_ALGORITHMS: Final = {"SHA-256": HashAlgorithm.SHA_256, "SHA-512": HashAlgorithm.SHA_512}


class InvalidSbomError(Exception):
    """What was made does not keep the schema; the text says where."""


def sbom(packages: Sequence[Package], licences: Mapping[str, str]) -> str:
    """The document, as JSON text that keeps the schema.

    Raises:
        InvalidSbomError: it does not.
    """
    text = document(packages, licences)
    check(text)
    return text


def document(packages: Sequence[Package], licences: Mapping[str, str]) -> str:
    """The document, not yet held against the schema (which takes seconds)."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bom = Bom(components=[_component(one, licences.get(one.purl, UNKNOWN)) for one in packages])
    bom.metadata.component = Component(
        name=project["name"],
        version=phonemfa.__version__,
        type=ComponentType.APPLICATION,
        bom_ref=project["name"],
    )
    with warnings.catch_warnings():
        # That the packages' own dependencies are not in it is on purpose: locks do not tell them.
        warnings.simplefilter("ignore", UserWarning)
        content: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    # The library stamps time and a random number; neither belongs into a document that is compared.
    del content["metadata"]["timestamp"]
    content.pop("serialNumber")
    content["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(content, sort_keys=True)).urn
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def check(text: str) -> None:
    """Hold a document against the schema.

    Raises:
        InvalidSbomError: naming the first offence.
    """
    offence = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if offence is not None:
        raise InvalidSbomError(str(offence))


def _component(package: Package, licence: str) -> Component:
    known = [] if licence == UNKNOWN else [LicenseFactory().make_from_string(licence)]
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=package.purl,
        purl=PackageURL.from_string(package.purl),
        licenses=known,
        hashes=[HashType(alg=_ALGORITHMS[name], content=value) for name, value in package.sha],
        # Of a module's tree, not of a file: CycloneDX has no place for it among the hashes.
        properties=[Property(name="go:sum", value=package.go_sum)] if package.go_sum else [],
    )
