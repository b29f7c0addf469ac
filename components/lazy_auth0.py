"""`pulumi_auth0`, loaded as far as it is used.

Owns the import of that one package. It has 130 resources and functions and 870 nested types, of
which this package needs two dozen, and running all its code costs more than everything else that
the program does (docs/decisions/import-time.md). `install` puts a module in its place that loads
the file of a resource when its name is asked for, and makes a nested type when it is referred to.

Refuses to change what anybody sees: every class is made from the package's own code, once, in its
own module, whoever asks and in whatever order. Whatever is not found by its name loads the whole
package, and so does a package that is not laid out as it was when this was written.
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
import threading
import typing
import warnings
from collections.abc import Collection, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

PACKAGE: Final = "pulumi_auth0"
INPUTS: Final = f"{PACKAGE}._inputs"
OUTPUTS: Final = f"{PACKAGE}.outputs"
UTILITIES: Final = f"{PACKAGE}._utilities"
# What the code of the two large files names beside its classes. Any other name would be something
# that making the classes one by one might miss.
_FROM_TYPING: Final = (
    *("Any", "Mapping", "NotRequired", "Optional", "Sequence"),
    *("TypeAlias", "TypedDict", "Union", "overload"),
)
_NAMED: Final = {
    *(*_FROM_TYPING, "typing", "typing_extensions", "sys", "version_info", "warnings", "builtins"),
    *("_builtins", "_utilities", "pulumi", "pulumi.runtime", "", "__all__"),
}
_NAMED_IN: Final = {
    INPUTS: _NAMED | {"input_type"},
    OUTPUTS: _NAMED | {"output_type", "outputs", "dict"},
}
_SUFFIX: Final = re.compile(r"(_output|Result|Args|ArgsDict)$")
_WORD_BEGINS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LOCK: Final = threading.RLock()


class UnfamiliarError(Exception):
    """The package is not laid out as this module knows it."""


def install() -> None:
    """Put the lazy module in the place of `pulumi_auth0`, unless somebody imported it already."""
    if PACKAGE in sys.modules:
        return
    spec = find_spec(PACKAGE)
    if spec is None or not isinstance(spec.loader, SourceFileLoader):
        return
    package = module_from_spec(spec)
    # get_tenant is a file of the package, and a function that the package takes out of it: which
    # files there are tells the one from the other.
    folders = spec.submodule_search_locations or ()
    files = {file.stem for folder in folders for file in Path(folder).glob("[a-z]*.py")}
    spec.loader_state = frozenset(files - {"outputs"})
    package.__class__ = _Package
    sys.modules[PACKAGE] = package


class _Package(ModuleType):
    """`pulumi_auth0` until all of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            if name not in vars(self):
                self._find(name)
            # A file that is just being loaded may ask for itself: importlib then has it.
            if name not in vars(self) and f"{PACKAGE}.{name}" not in sys.modules:
                _load_whole(self)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system sets the modules of a package on it. What the package's own code takes
        # out of each follows here, so that a function hides the module of the same name.
        super().__setattr__(name, value)
        if name in _state(self) and isinstance(value, ModuleType):
            vars(self).update({each: getattr(value, each) for each in value.__all__})

    def __dir__(self) -> list[str]:
        with _LOCK:
            _load_whole(self)
        return dir(self)

    def _find(self, name: str) -> None:
        try:
            inputs = _prepared(self)
        except UnfamiliarError:
            # These three need nothing else of the package; the files of resources import them.
            if f"{PACKAGE}.{name}" in {INPUTS, OUTPUTS, UTILITIES}:
                importlib.import_module(f"{PACKAGE}.{name}")
            return
        for each in (name, _SUFFIX.sub("", name).removeprefix("Awaitable")):
            file = _WORD_BEGINS.sub("_", each).lower()
            if file in _state(self):
                _load_file(f"{PACKAGE}.{file}", inputs)
        if name not in vars(self) and name in inputs.__all__:
            setattr(self, name, getattr(inputs, name))


class _Types(ModuleType):
    """`_inputs` or `outputs`: each class is made when it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        with _LOCK:
            bodies = _state(self)
            if name not in bodies:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
            if name not in vars(self):
                setattr(self, name, _made(self, name, bodies[name]))
                # Type hints are resolved in the module's dict, which asks no __getattr__.
                for each in _mentioned(bodies[name], bodies):
                    getattr(self, each)
        return vars(self)[name]

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *_state(self)})


def _made(module: ModuleType, name: str, body: CodeType) -> Any:
    """The class as the module's own code makes it."""
    run = FunctionType(body, vars(module), name)
    if module.__name__ == OUTPUTS:
        return vars(module)["pulumi"].output_type(builtins.__build_class__(run, name, dict))
    if name.endswith("ArgsDict"):
        return builtins.__build_class__(run, name, typing.TypedDict)
    return vars(module)["pulumi"].input_type(builtins.__build_class__(run, name))


def _mentioned(code: CodeType, names: Collection[str]) -> Iterator[str]:
    """Those of the names that the code has as text, as type hints do."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _mentioned(constant, names)
        elif isinstance(constant, str) and constant in names:
            yield constant


def _prepared(package: ModuleType) -> Any:
    """The lazy `_inputs`; makes it and `outputs` on the first call.

    Raises:
        UnfamiliarError: they are loaded already, or could not be made faithfully.
    """
    if INPUTS in sys.modules:
        inputs = sys.modules[INPUTS]
        if not isinstance(inputs, _Types):
            raise UnfamiliarError
        return inputs
    made = {name: _types_of(name) for name in (INPUTS, OUTPUTS)}
    resources_and_provider = _registered(package)
    utilities = importlib.import_module(UTILITIES)
    for name, module in made.items():
        _give_head(module, utilities)
        sys.modules[name] = module
        setattr(package, name.rpartition(".")[2], module)
    vars(made[OUTPUTS])["outputs"] = made[OUTPUTS]
    # So that a resource handed over by a component in another language gets its class.
    utilities.register(*resources_and_provider)
    utilities.register = lambda **_: None  # type: ignore[attr-defined]
    return made[INPUTS]


def _types_of(name: str) -> ModuleType:
    spec = _spec(name)
    code = _code(spec)
    bodies = {one.co_name: one for one in code.co_consts if isinstance(one, CodeType)}
    exported = [set(one) for one in code.co_consts if isinstance(one, tuple)]
    if set(code.co_names) - bodies.keys() - _NAMED_IN[name] or set(bodies) not in exported:
        raise UnfamiliarError
    if any(one.co_freevars for one in bodies.values()):  # a body that needs more than its module
        raise UnfamiliarError
    module = module_from_spec(spec)
    spec.loader_state = bodies
    vars(module)["__all__"] = sorted(bodies)
    module.__class__ = _Types
    return module


def _registered(package: ModuleType) -> list[str]:
    """What the package's own code hands to `_utilities.register`: two texts of JSON."""
    code = _code(_spec(package.__name__))
    texts = [one for one in code.co_consts if isinstance(one, str) and one.startswith("\n[")]
    if len(texts) != 2:  # noqa: PLR2004
        raise UnfamiliarError
    return texts


def _give_head(module: ModuleType, utilities: ModuleType) -> None:
    """The imports at the head of both files."""
    vars(module).update({each: getattr(typing, each) for each in _FROM_TYPING})
    vars(module).update(
        _builtins=builtins,
        _utilities=utilities,
        pulumi=importlib.import_module("pulumi"),
        sys=sys,
        warnings=warnings,
    )


def _load_file(name: str, inputs: ModuleType) -> None:
    """Import the file of a resource, which takes all of `_inputs`, with what it mentions of it."""
    everything = inputs.__all__
    vars(inputs)["__all__"] = list(_mentioned(_code(_spec(name)), frozenset(everything)))
    try:
        importlib.import_module(name)
    finally:
        vars(inputs)["__all__"] = everything


def _load_whole(package: ModuleType) -> None:
    """Run the package's own code; the files and types that are loaded already stay as they are."""
    spec = package.__spec__
    package.__class__ = ModuleType
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(package)


def _spec(name: str) -> ModuleSpec:
    loaded = sys.modules.get(name)
    spec = loaded.__spec__ if loaded else find_spec(name)
    if spec is None:
        raise UnfamiliarError
    return spec


def _code(spec: ModuleSpec) -> CodeType:
    if not isinstance(spec.loader, SourceFileLoader):
        raise UnfamiliarError
    code = spec.loader.get_code(spec.name)
    if code is None:
        raise UnfamiliarError
    return code


def _state(module: ModuleType) -> Any:
    return module.__spec__ and module.__spec__.loader_state
