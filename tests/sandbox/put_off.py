"""Packages of libraries whose file runs when somebody asks for something in it, and not before."""

from __future__ import annotations

import sys
from functools import partial
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any


def put_off(name: str, *functions: str) -> None:
    """Put a module in place without running its file, unless somebody imported it already.

    The modules inside a package that is put off can be imported as always. `functions` are those
    that somebody takes out of it at import (`from name import function`): its file runs with their
    first call.
    """
    if name in sys.modules:
        return
    spec = _spec(name)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    for function in functions:
        setattr(module, function, partial(_call, module, function))
    module.__class__ = _PutOff
    sys.modules[name] = module
    package, _, inner = name.rpartition(".")
    if package in sys.modules:  # as the import system does when it has run a module of a package
        setattr(sys.modules[package], inner, module)


class _PutOff(ModuleType):
    """A module until its own file has run."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # asked for by every import, to tell a package from a module
            raise AttributeError(name)
        return getattr(_run(self), name)


def _call(module: ModuleType, function: str, *arguments: Any, **named: Any) -> Any:
    if isinstance(module, _PutOff):
        _run(module)
    return getattr(module, function)(*arguments, **named)


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
