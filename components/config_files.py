"""A stack's config as the engine reads it, out of Pulumi.yaml and the stack's file.

Commands work where no engine, state or passphrase is, and have to see what `pulumi up` sees; and a
number that YAML made of what somebody wrote can be seen in the files alone. The rules are those of
Pulumi's loader and of its YAML reader (docs/decisions/config.md). Loads no Pulumi: break-glass
finds the tenant's name with it.
"""

import codecs
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import yaml

from components.masking import printable

LARGEST: Final = 2**20
"""Bytes of a file; reading more takes PyYAML minutes."""

_SUFFIXES: Final = (".json", ".yaml", ".yml")
"""Of a project's file, in the engine's order; its stacks' files have the same."""
_LOOKED_AT: Final = ("phonemfa:", "auth0:")
"""Keys whose values must be as they are written."""
_MOST_NODES: Final = 100_000
"""Aliases of YAML can make milliards of a few lines."""
_DEEPEST: Final = 64
_PLAIN: Final = "plain"
_TAGS: Final = {_PLAIN, *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))}
_WORDS: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_KEPT: Final = re.compile(r"-?[1-9][0-9]{0,17}|0")
"""Numbers that the engine writes as they are written."""
_TURNED: Final = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][-+01]+|0[oO][-+0-7]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)"
    r"([eE][-+]?[0-9]+)?)|\.nan|\.NaN|\.NAN|[-+]?\.(inf|Inf|INF)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
)
"""What it takes for another number, or for a date, and so changes; without underscores."""

Place = tuple[str | int, ...]
T = TypeVar("T")


class StackFileError(Exception):
    """A project's or a stack's file cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Turned:
    """A value that the engine does not take as it is written.

    `key` is the config's, `path` the way to the entry of a list or block, `read` the number that
    becomes of it, where that is simply told.
    """

    file: str
    key: str
    path: Place
    written: str

    @property
    def read(self) -> str:
        plain = self.written.replace("_", "").lower()
        octal = re.fullmatch(r"[-+]?0[0-7]+", plain)
        try:
            return str(int(plain, 8 if octal else 10 if plain.lstrip("+-").isdigit() else 0))
        except ValueError:
            return ""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What the files of a project say of one stack.

    `folder` has Pulumi.yaml; the stack's `file` need not be there. `values` are by
    `namespace:name`, as `decoded` gives what the engine hands to a program (an encrypted one is a
    mapping with `secure`), `turned` those that the engine does not take as they are written.
    `environments` says whether values of Pulumi ESC belong to it, which only the engine has.
    """

    stack: str
    folder: Path
    project_name: str
    file: Path
    values: Mapping[str, Any]
    turned: tuple[Turned, ...]
    environments: bool

    def of(self, namespace: str) -> dict[str, Any]:
        """The values of a namespace, by their names."""
        return in_namespace(self.values, namespace)


def read_config(folder: Path, stack: str, *, file: Path | None = None) -> Config:
    """The config of a stack; without a file of its own, what the project says.

    The folder is the project's, or one below it; the stack its name, or organisation/project/stack.
    A `StackFileError` says that a file cannot be used, or that the stack is another project's.
    """
    project = _Project.of(folder)
    *owner, name = stack.split("/")
    if len(owner) > 2 or "" in (*owner, name):  # noqa: PLR2004 - organisation, project
        raise StackFileError(
            f"{printable(stack[:100])!r} is no stack: its name, or organisation/project/stack."
        )
    if owner[1:] not in ([], [project.name]):
        raise StackFileError(
            f"The stack {printable(stack)} is one of another project: {project.file} is that of "
            f"{project.name}."
        )
    path = file or project.stack_file(name)
    try:
        content = _content(path)
    except FileNotFoundError:
        content = {}
    own = {_full(project.name, key): one for key, one in _block(path.name, content).items()}
    config = {**project.config, **own}
    return Config(
        stack=name,
        folder=project.folder,
        project_name=project.name,
        file=path,
        values={key: _handed(value) for key, value in config.items()},
        turned=tuple(
            Turned(
                file=path.name if key in own else project.file, key=key, path=place, written=written
            )
            for key, value in config.items()
            if key.startswith(_LOOKED_AT)
            for place, written in _turned(value)
        ),
        environments=bool(content.get("environment")),
    )


def config_in(name: str, text: str) -> dict[str, Any]:
    """What a text that is to be a stack's file has below `config:`; or a `StackFileError`."""
    return dict(_block(name, _parsed(name, text)))


def stack_names(folder: Path) -> list[str]:
    """Every stack with a file in a project, sorted; or a `StackFileError` of the project's own."""
    pattern = _Project.of(folder).stack_file("*")
    front, end = pattern.name.split("*")
    files = [one for one in pattern.parent.glob(pattern.name) if one.is_file()]
    return sorted(one.name[len(front) : -len(end)] for one in files)


def in_namespace(values: Mapping[str, T], namespace: str) -> dict[str, T]:
    """Those of a config's values whose keys are in a namespace, by their names."""
    prefix = f"{namespace}:"
    return {
        key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)
    }


def locale_fault() -> str:
    """What is wrong with how this process reads its environment, which is how config comes."""
    encoding = sys.getfilesystemencoding()
    if codecs.lookup(encoding).name == "utf-8":
        return ""
    return (
        f"The locale here is not UTF-8 ({encoding}): texts would be deployed as garbage. "
        "Set LC_ALL=C.UTF-8, or PYTHONUTF8=1."
    )


def decoded(value: str) -> Any:
    """A value as the engine hands it over: a list, an object, a boolean as JSON, or else text."""
    if value in {"true", "false"} or value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


@dataclass(frozen=True, kw_only=True)
class _Project:
    """What Pulumi.yaml says; a folder without one is a project that says nothing."""

    name: str
    folder: Path
    file: str
    stacks: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Self:
        path = _project_file(folder)
        if path is None:
            return cls(name="phonemfa", folder=folder, file="Pulumi.yaml")
        content = _content(path)
        name, stacks = (content.get(key) for key in ("name", "stackConfigDir"))
        if isinstance(content.get("config"), str):  # What stackConfigDir was once called.
            stacks, content = content["config"], {}
        if not isinstance(name, str) or not isinstance(stacks, str | None):
            raise StackFileError(f"{path.name} has no text as `name`, or as `stackConfigDir`.")
        config = {}
        for key, entry in _block(path.name, content).items():
            said = entry
            if isinstance(entry, Mapping):
                said = entry.get("value" if entry.get("default") is None else "default")
            if said is not None:
                config[_full(name, key)] = said
        return cls(
            name=name, folder=path.parent, file=path.name, stacks=stacks or "", config=config
        )

    def stack_file(self, stack: str) -> Path:
        """Where a stack's file is."""
        return self.folder / self.stacks / f"Pulumi.{stack}{Path(self.file).suffix}"


def _project_file(folder: Path) -> Path | None:
    """Pulumi.yaml in the folder or the next one above that has one."""
    try:
        places = (folder, *folder.resolve().parents)
        files = (place / f"Pulumi{suffix}" for place in places for suffix in _SUFFIXES)
        return next((one for one in files if one.is_file()), None)
    except (OSError, ValueError) as error:
        raise StackFileError(f"{printable(str(folder))} cannot be read: {_why(error)}.") from None


def _full(project: str, key: str) -> str:
    """A key with its namespace, completed as the engine does it."""
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    return f"{parts[0]}:{parts[2]}" if parts[1:-1] == ["config"] else key


def _handed(value: Any) -> Any:
    """A whole value as the engine hands it over, decoded."""
    if isinstance(value, str):
        return decoded(value)
    if value is None:
        return ""
    return str(value) if type(value) is int else value


def _content(path: Path) -> dict[str, Any]:
    """What is in a file; `FileNotFoundError` where there is none, else a `StackFileError`."""
    try:
        if path.stat().st_size > LARGEST:
            raise StackFileError(f"{path.name} is larger than any of its kind: over 1 MiB.")
        return _parsed(path.name, path.read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise StackFileError(f"{printable(str(path))} cannot be read: {_why(error)}.") from None


def _parsed(name: str, data: bytes | str) -> dict[str, Any]:
    try:
        node = yaml.compose(data, Loader=_Loader)
        values = _value(node, 0, count()) if node else {}
    except yaml.reader.ReaderError as error:
        raise StackFileError(
            f"{name} is no text that YAML takes: save it as UTF-8, without control characters "
            f"({_said(error)})."
        ) from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{name} is not YAML: {_said(error)}.") from None
    except RecursionError:
        raise StackFileError(f"{name} is not usable: it is nested too deep.") from None
    if not isinstance(values, dict):
        raise StackFileError(f"{name} is no block of keys.")
    return values


def _block(file: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """The keys below `config:`; none where it is not there."""
    block = content.get("config")
    if not isinstance(block, Mapping | None):
        raise StackFileError(f"{file}: its `config:` is no block of keys.")
    return block or {}


class _Written(str):
    """A value as it is written, where YAML reads something else."""

    __slots__ = ()


def _turned(value: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where in a value such a one stands, and what it is."""
    if isinstance(value, _Written):
        yield place, value
    elif isinstance(value, (dict, list)):
        for step, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _turned(one, (*place, step))


class _Loader(yaml.BaseLoader):
    """Tells what is written plain from what is quoted, and makes nothing of either."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


def _value(node: yaml.Node, depth: int, nodes: Iterator[int]) -> Any:
    if next(nodes) >= _MOST_NODES or depth > _DEEPEST:
        raise yaml.YAMLError("it has too many entries, or is nested too deep")
    if node.tag not in _TAGS:
        raise yaml.YAMLError(f"it has the tag {node.tag}; write the value without one")
    if isinstance(node, yaml.MappingNode):
        return {key: _value(one, depth + 1, nodes) for key, one in _pairs(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, depth + 1, nodes) for one in node.value]
    if node.tag != _PLAIN or is_text(node.value):
        return node.value
    if node.value in _WORDS:
        return _WORDS[node.value]
    return int(node.value) if _KEPT.fullmatch(node.value) else _Written(node.value)


def _pairs(node: yaml.MappingNode, depth: int = 0) -> dict[str, yaml.Node]:
    own: dict[str, yaml.Node] = {}
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or (key.tag == _PLAIN and not is_text(key.value)):
            raise yaml.YAMLError("it has a key that is no text; put it in quotes")
        if key.value in own or (key.value == "<<" and merged):
            raise yaml.YAMLError(f"it has {key.value[:200]} twice")
        if key.tag == _PLAIN and key.value == "<<":
            merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
        else:
            own[key.value] = value
    for one in merged:
        if not isinstance(one, yaml.MappingNode) or depth > _DEEPEST:
            raise yaml.YAMLError("it merges (<<) what is no block of keys")
        own = {**_pairs(one, depth + 1), **own}
    return own


def is_text(plain: str) -> bool:
    """Whether a text may stand without quotes and is taken for itself."""
    if plain in _WORDS or _KEPT.fullmatch(plain):
        return False
    # Of what begins as a number, the engine's reader passes over each underscore.
    number = plain.replace("_", "") if plain[:1] in set("+-.0123456789") else plain
    return not _TURNED.fullmatch(number)


def _said(error: yaml.YAMLError) -> str:
    """What is wrong and where; never the line itself, which may hold a key."""
    problem = str(getattr(error, "problem", None) or error).partition("\n")[0]
    mark = getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{printable(problem[:200])}{where}"


def _why(error: Exception) -> str:
    return printable(str(getattr(error, "strerror", None) or error)[:200])
