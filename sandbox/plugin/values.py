"""Between Pulumi's wire values and plain Python values.

Owns unwrapping property values, remembering which paths were secret, and wrapping them again.
Refuses to know any resource: which attributes are secret by nature is in the schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

UNKNOWN: Final[str] = rpc.UNKNOWN
"""What stands for a value that the engine does not know yet (only during a preview)."""

Path = tuple[str | int, ...]


def plain(value: PropertyValue) -> Any:
    """The Python value inside, without secret marks."""
    inner = value.value
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    return inner


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Plain values of a resource's properties; explicit nulls are dropped like absent ones."""
    return {key: plain(value) for key, value in values.items() if value.value is not None}


def secret_paths(values: Mapping[str, PropertyValue]) -> frozenset[Path]:
    """Every path whose value arrived as a secret."""
    found: set[Path] = set()

    def walk(value: PropertyValue, path: Path) -> None:
        if value.is_secret:
            found.add(path)
            return
        if isinstance(value.value, Mapping):
            for key, item in value.value.items():
                walk(item, (*path, key))
        elif isinstance(value.value, tuple):
            for index, item in enumerate(value.value):
                walk(item, (*path, index))

    for key, value in values.items():
        walk(value, (key,))
    return frozenset(found)


def secret_texts(values: Mapping[str, PropertyValue]) -> frozenset[str]:
    """Every text that arrived as a secret, or inside one."""

    def texts(value: PropertyValue, *, secret: bool) -> Iterator[str]:
        secret = secret or value.is_secret
        if isinstance(value.value, Mapping):
            for item in value.value.values():
                yield from texts(item, secret=secret)
        elif isinstance(value.value, tuple):
            for item in value.value:
                yield from texts(item, secret=secret)
        elif secret and isinstance(value.value, str):
            yield value.value

    return frozenset(text for value in values.values() for text in texts(value, secret=False))


def wire_map(values: Mapping[str, Any], secrets: Iterable[Path] = ()) -> dict[str, PropertyValue]:
    """Wire values of a resource's properties, marked secret at the given paths.

    `"*"` in a path stands for every index of a list.
    """
    marked = frozenset(secrets)

    def is_marked(path: Path) -> bool:
        if path in marked:
            return True
        starred = tuple("*" if isinstance(part, int) else part for part in path)
        return starred in marked

    def wrap(value: Any, path: Path) -> PropertyValue:
        inner: Any
        if isinstance(value, Mapping):
            inner = {key: wrap(item, (*path, key)) for key, item in value.items()}
        elif isinstance(value, list | tuple):
            inner = [wrap(item, (*path, index)) for index, item in enumerate(value)]
        elif isinstance(value, int) and not isinstance(value, bool):
            inner = float(value)
        else:
            inner = value
        return PropertyValue(inner, is_secret=is_marked(path))

    return {key: wrap(value, (key,)) for key, value in values.items() if value is not None}


def has_unknown(value: Any) -> bool:
    """Whether a plain value is, or holds, something not known during a preview."""
    if value == UNKNOWN:
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return False
