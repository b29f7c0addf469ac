"""The YAML of a stack's file, read as the engine reads it.

Owns where Pulumi's reader and PyYAML differ: to the engine (Go's yaml.v3) `off`, `no`, `on` and
`yes` are text, so that `phonemfa:gate: off` is one of the gate's values, and a key that is there
twice is refused. Refuses to know any key.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

import yaml

_BOOL: Final = "tag:yaml.org,2002:bool"


class _AsTheEngine(yaml.SafeLoader):
    """Booleans are `true` and `false` alone, and no key is there twice."""

    def construct_mapping(  # PyYAML names and places its arguments so
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT002
    ) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        counts = Counter(keys)
        twice = sorted({key for key in keys if counts[key] > 1 and key != "<<"})
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"found {', '.join(twice)[:200]} twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


_AsTheEngine.yaml_implicit_resolvers = {
    first: [one for one in resolvers if one[0] != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_AsTheEngine.add_implicit_resolver(
    _BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")
)


def loaded(text: str) -> Any:
    """What the text says.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, Loader=_AsTheEngine)  # noqa: S506 - a SafeLoader
