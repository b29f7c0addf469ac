"""auth0-python without what its package file imports beside the Management API.

Owns that one import: `auth0/__init__.py` loads the Authentication API's client too, and with it
PyJWT, cryptography and requests, which nothing here uses and every write of an `up` would wait
for. The package file runs as soon as anybody asks for something that it defines.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Final

PACKAGE: Final = "auth0"


def install() -> None:
    """Put the package in place without running its file, unless somebody imported it already."""
    if PACKAGE in sys.modules:
        return
    spec = find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        return
    package = module_from_spec(spec)
    package.__class__ = _Package
    sys.modules[PACKAGE] = package


class _Package(ModuleType):
    """`auth0` until its own file has run."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_run(self), name)


def _run(package: ModuleType) -> ModuleType:
    package.__class__ = ModuleType
    if package.__spec__ and package.__spec__.loader:
        package.__spec__.loader.exec_module(package)
    return package
