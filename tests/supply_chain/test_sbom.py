"""The bill of materials: every locked package, by the schema, the same for the same checkout."""

from __future__ import annotations

import json

import pytest

from supply_chain.licences import read_list
from supply_chain.packages import Package, all_packages
from supply_chain.sbom import InvalidSbomError, check, document, sbom

SOME = [
    Package(ecosystem="npm", name="@a/b", version="1.0.0", sha=(("SHA-512", "0" * 128),)),
    Package(ecosystem="golang", name="example.com/m", version="v1.0.0", go_sum="h1:x="),
]


def test_every_locked_package_is_in_it_with_what_it_is_checked_against() -> None:
    packages = all_packages()
    content = json.loads(document(packages, read_list()))
    assert content["specVersion"] == "1.6"
    assert content["metadata"]["component"]["name"] == "phonemfa"
    by_purl = {one["purl"]: one for one in content["components"]}
    assert len(content["components"]) == len(by_purl) == len(packages)
    for one in packages:
        made = by_purl[one.purl]
        assert (made["name"], made["version"]) == (one.name, one.version)
        assert sorted(hashed["content"] for hashed in made.get("hashes", [])) == sorted(
            value for _, value in one.sha
        )
        assert one.sha or made["properties"] == [{"name": "go:sum", "value": one.go_sum}]


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.thorough), 8], ids=["all", "some of each"]
)
def test_it_keeps_the_schema(every: int) -> None:
    packages = all_packages()[::every]
    assert {one.ecosystem for one in packages} == {"pypi", "npm", "golang"}
    check(document(packages, read_list()))


def test_the_same_content_is_the_same_document_and_another_is_another() -> None:
    first = sbom(SOME, {})
    assert first == sbom(list(reversed(SOME)), {})
    assert "timestamp" not in first
    other = sbom(SOME[:1], {})
    assert json.loads(first)["serialNumber"] != json.loads(other)["serialNumber"]


def test_a_licence_that_is_not_known_is_not_stated() -> None:
    licences = {SOME[0].purl: "MIT OR Apache-2.0"}
    first, second = json.loads(sbom(SOME, licences))["components"]
    stated = {one["purl"]: one.get("licenses") for one in (first, second)}
    assert stated[SOME[0].purl] == [{"expression": "MIT OR Apache-2.0"}]
    assert stated[SOME[1].purl] is None


def test_a_document_that_breaks_the_schema_is_refused() -> None:
    content = json.loads(sbom(SOME, {}))
    content["components"][0]["type"] = "nonsense"
    with pytest.raises(InvalidSbomError, match="nonsense"):
        check(json.dumps(content))
