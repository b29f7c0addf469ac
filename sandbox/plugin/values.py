"""Between Pulumi's wire values and plain Python values.

Unwraps property values, remembers which paths were secret and wraps them again. Which attributes
are secret by nature is in the schemas.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

UNKNOWN: Final[str] = rpc.UNKNOWN
"""What stands for a value that the engine does not know yet (only during a preview)."""

Path = tuple[str, ...]
"""To a value, through the keys of objects and `EACH` of a list."""
EACH: Final = "*"


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

    def walk(value: PropertyValue, path: Path) -> Iterator[Path]:
        inner = value.value
        if value.is_secret:
            yield path
        elif isinstance(inner, Mapping):
            for key, item in inner.items():
                yield from walk(item, (*path, key))
        elif isinstance(inner, tuple):
            for item in inner:
                yield from walk(item, (*path, EACH))

    return frozenset(path for key, value in values.items() for path in walk(value, (key,)))


def wire_map(values: Mapping[str, Any], secrets: Iterable[Path] = ()) -> dict[str, PropertyValue]:
    """Wire values of a resource's properties, marked secret at the given paths.

    What is inside a secret is not marked again.
    """
    marked = frozenset(secrets)

    def wrap(value: Any, path: Path, *, inside: bool = False) -> PropertyValue:
        inner = value
        secret = not inside and path in marked
        inside = inside or secret
        if isinstance(value, Mapping):
            inner = {key: wrap(item, (*path, key), inside=inside) for key, item in value.items()}
        elif isinstance(value, list):
            inner = [wrap(item, (*path, EACH), inside=inside) for item in value]
        elif isinstance(value, int) and not isinstance(value, bool):
            inner = float(value)
        return PropertyValue(inner, is_secret=secret)

    return {key: wrap(value, (key,)) for key, value in values.items()}
