"""Modules whose file runs when somebody asks for something in it, and not before.

Owns putting them in place. Here for parts of libraries that come along with what is wanted and
that nobody asks for: `auth0/__init__.py` loads the Authentication API's client, and with it PyJWT,
cryptography and requests, beside the Management API's. Refuses to know what is in a module.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


def put_off(name: str) -> None:
    """Put a module in place without running its file, unless somebody imported it already.

    The modules inside a package that is put off can be imported as always.
    """
    if name in sys.modules:
        return
    spec = _spec(name)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    module.__class__ = _PutOff
    sys.modules[name] = module


class _PutOff(ModuleType):
    """A module until its own file has run."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_run(self), name)


def _run(module: ModuleType) -> ModuleType:
    module.__class__ = ModuleType
    if module.__spec__ and module.__spec__.loader:
        module.__spec__.loader.exec_module(module)
    return module


def _spec(name: str) -> ModuleSpec | None:
    package, _, inner = name.rpartition(".")
    if not package:
        return find_spec(inner)
    # find_spec would run the package's file, which imports what is to be put off.
    outer = _spec(package)
    return PathFinder.find_spec(name, outer.submodule_search_locations) if outer else None
