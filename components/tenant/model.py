"""What the models of a tenant's resources have in common: unknown values, parts, comparing.

A value may be unknown in two ways. `LEFT_ALONE`: the stack does not say, and whatever the tenant
has is right. `Unseen`: this source cannot show it, as a preview hides secrets and a tenant refuses
a question; `UNSEEN` is one without a reason. `seen` takes the value out, or raises. An empty list
is neither.

A field of a resource that is a part of it is annotated with a `Part`: where it stands in the API's
answer, in Pulumi's properties and in the stack's file. `PARTS` is the table of them; reading either
source, and comparing two snapshots, go over it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeAlias, TypeVar, get_type_hints

from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from auth0.management import AsyncManagementClient

    Client: TypeAlias = AsyncManagementClient
else:
    Client = Any  # Only who asks a tenant loads it: a fifth of a second.

T = TypeVar("T")

_SECRET: Final = "[secret]"  # noqa: S105 - how a preview prints one
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks a secret (or an asset) among an object's properties, in a state."""
_UNKNOWN: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""What Pulumi writes in the place of a value that only the apply will tell, by its type."""


class Why(Enum):
    """Why a tenant did not answer a question."""

    SCOPE = "a scope is missing"
    PLAN = "not in the tenant's plan"
    OTHER = "refused"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A question that the tenant did not answer.

    `asked` is the request, as `GET /path`, `scope` what it needs, and `what` the reason in words,
    with no secret and no number; without an answer there is no `status`.
    """

    asked: str
    scope: str
    why: Why
    what: str
    status: int | None = None


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Stands where this source cannot show a value; `refusal` where a tenant was asked for it."""

    refusal: Refusal | None = None


class LeftAlone(Enum):
    """Stands where a stack does not say what a value is to be."""

    LEFT_ALONE = "left alone"


LEFT_ALONE: Final = LeftAlone.LEFT_ALONE
UNSEEN: Final = Unseen()
Maybe: TypeAlias = T | Unseen | LeftAlone
"""A value that may be unknown."""


class UnseenError(Exception):
    """A value was needed that its source does not show."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        super().__init__(refusal.what if refusal else "not shown")
        self.refusal = refusal


def seen(value: Maybe[T]) -> T:
    """The value; raises `UnseenError` where it is left alone, or not shown by this source."""
    if isinstance(value, Unseen):
        raise UnseenError(value.refusal)
    if isinstance(value, LeftAlone):
        raise UnseenError
    return value


def known(value: Maybe[T], otherwise: T) -> T:
    """The value, or another where it is unknown."""
    return otherwise if isinstance(value, (Unseen, LeftAlone)) else value


def nonempty(value: Any) -> str | None:
    """A text; None for an empty one, which means none."""
    return str(value) if value else None


def texts(value: Any) -> tuple[str, ...]:
    """A list of the API's or of Pulumi's as a tuple of strings."""
    return tuple(str(getattr(one, "value", one)) for one in value)


def flag(value: Any) -> bool:
    """A switch; some outputs of the plugin are the words "true" and "false"."""
    return value is True or value == "true"


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Part:
    """One part of a resource.

    Attributes:
        api, pulumi: where it stands, as a path with dots; empty: this source cannot show it.
        setting: its key in the stack's file; empty: none says it.
        of: makes the snapshot's value of either source's.
        absent: the snapshot's value where the source has none, or null.
        ordered: whether two lists in another order differ.
        default: what a tenant has that nobody changed, of a part that a stack may leave alone.
        of_setting, as_setting: make the snapshot's value of the setting's, and the way back.
        scope: what writing it needs beside the scopes of its resource.
        field: of the snapshot; `Resource` fills it in.
    """

    api: str = ""
    pulumi: str = ""
    setting: str = ""
    _: KW_ONLY
    of: Callable[[Any], Any] = str
    absent: Any = UNSEEN
    ordered: bool = True
    default: Any = None
    of_setting: Callable[[Any], Any] = _as_it_is
    as_setting: Callable[[Any], Any] = _as_it_is
    scope: str = ""
    field: str = ""


def named_alike(path: str, setting: str = "", **more: Any) -> Part:
    """A part that stands at one path in both sources, in Pulumi's camelCase there."""
    pulumi = ".".join(map(to_camel, path.split(".")))
    return Part(path, pulumi, setting, **more)


class Resource:
    """A resource of a tenant.

    `of_api` makes one of the API's answer, `recorded` of one side of a preview, or of a state.
    """

    PARTS: ClassVar[tuple[Part, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.PARTS = tuple(
            replace(part, field=name)
            for name, hint in get_type_hints(cls, include_extras=True).items()
            for part in getattr(hint, "__metadata__", ())
        )

    @classmethod
    def parts_of_api(cls, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The parts out of the API's answer, by field."""
        return {one.field: _value(one, answer, one.api) for one in cls.PARTS}

    @classmethod
    def parts_of_pulumi(cls, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The parts out of one side of a preview's step, or a state's resource, by field."""
        return {one.field: _value(one, properties, one.pulumi) for one in cls.PARTS}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One part that is not the same on both sides."""

    part: Part
    wanted: Any
    found: Any


def differences(wanted: Any, found: Any) -> Iterator[Difference]:
    """The parts in which two snapshots of a resource differ.

    A part that is left alone on either side, or unseen, is no difference (`not_compared`).
    """
    for part in wanted.PARTS:
        one, other = getattr(wanted, part.field), getattr(found, part.field)
        if not (_is_unknown(one) or _is_unknown(other) or _is_same(one, other, part)):
            yield Difference(part=part, wanted=one, found=other)


def not_compared(wanted: Any, found: Any) -> Iterator[Difference]:
    """The parts that `wanted` says and `found` does not show."""
    for part in wanted.PARTS:
        one, other = getattr(wanted, part.field), getattr(found, part.field)
        if not _is_unknown(one) and isinstance(other, Unseen):
            yield Difference(part=part, wanted=one, found=other)


def _is_unknown(value: Any) -> bool:
    return isinstance(value, (Unseen, LeftAlone))


def _is_same(one: Any, other: Any, part: Part) -> bool:
    if part.ordered or one is None or other is None:
        return bool(one == other)
    return frozenset(one) == frozenset(other)


@dataclass(frozen=True, kw_only=True)
class Identified(Resource):
    """A resource that has an id of its own; it takes no part in a comparison."""

    id: str = field(default="", compare=False)
    updated_at: str | None = field(default=None, compare=False)

    @classmethod
    def of_api(cls, answer: Mapping[str, Any]) -> Self:
        return cls(
            **cls.parts_of_api(answer),
            id=str(answer.get("id") or ""),
            updated_at=answer.get("updated_at"),
        )

    @classmethod
    def recorded(cls, properties: Mapping[str, Any]) -> Self:
        return cls(**cls.parts_of_pulumi(properties), id=str(properties.get("id") or ""))


def left_alone(found: T, properties: Collection[str]) -> T:
    """A snapshot of what a program declares, without properties whose changes it ignores."""
    parts: tuple[Part, ...] = getattr(found, "PARTS", ())
    ignored = [one.field for one in parts if one.pulumi.partition(".")[0] in properties]
    return replace(found, **dict.fromkeys(ignored, LEFT_ALONE))  # type: ignore[type-var]


def _value(part: Part, source: Mapping[str, Any], path: str) -> Any:
    if not path:
        return UNSEEN
    value = at(source, path)
    if value is None:
        return part.absent
    try:
        return value if isinstance(value, Unseen) else part.of(value)
    except (TypeError, ValueError, OverflowError):
        return UNSEEN  # In a form that nobody knows; a preview may come from anywhere.


def at(source: Any, path: str) -> Any:
    """What is at a path with dots; None where nothing is, `Unseen` where it is hidden."""
    value = visible(source)
    for name in path.split("."):
        if isinstance(value, Unseen):
            return value
        value = visible(value.get(name)) if isinstance(value, Mapping) else None
    return value


def visible(value: Any) -> Any:
    """The value, or `UNSEEN` for what stands in a preview or a state in the place of one."""
    if isinstance(value, str):
        return UNSEEN if value == _SECRET or value in _UNKNOWN else value
    return UNSEEN if isinstance(value, Mapping) and _SIGNATURE in value else value


def sealed(value: Any) -> Any:
    """A value as Pulumi writes it, with `UNSEEN` in the place of what is hidden, at any depth."""
    value = visible(value)
    if isinstance(value, Mapping):
        return {name: sealed(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [sealed(member) for member in value]
    return value


def is_hidden(value: Any) -> bool:
    """Whether a sealed value, or anything in it, cannot be seen."""
    if isinstance(value, Mapping):
        return any(map(is_hidden, value.values()))
    return isinstance(value, Unseen) or any(map(is_hidden, listed(value)))


def listed(value: Any) -> Sequence[Any]:
    """A list; an empty one for what is none, or is hidden."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def items(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The objects in a list; none where there is no list, or where it is hidden."""
    return tuple(one for one in listed(value) if isinstance(one, Mapping))


def plain(answer: Any) -> dict[str, Any]:
    """An answer of auth0-python as the JSON that the tenant sent, or a `ParsingError`.

    What stands in a list is not looked at by auth0-python.
    """
    if not hasattr(answer, "model_dump"):
        from auth0.management.core.parse_error import ParsingError  # noqa: PLC0415

        raise ParsingError
    found: dict[str, Any] = answer.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return found
