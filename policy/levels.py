"""What a stack says about the rules: `policy/stacks/<stack>.json`.

The file's format is Pulumi's own for `--policy-pack-config`, so that one file
serves the engine and `phonemfa report`:

    {"country-allow-list": {"enforcementLevel": "advisory", "allowed": ["+81", "+82"]},
     "no-dependency": "advisory"}

A stack without a file, and a rule that its file does not name, keep the rule's own level and
options. `all` sets the level of every rule that is not named.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from components.tenant.tenants_file import NAME as TENANTS_FILE
from components.tenant.tenants_file import NotNamedError, read_tenants_file
from policy.model import PRODUCTION, Level
from policy.rules import RULES, Rule, Setting

FOLDER: Final = "policy/stacks"
"""Where they are, below the folder with Pulumi.yaml."""
_LEVEL_KEY: Final = "enforcementLevel"
_ALL: Final = "all"


class LevelsError(ValueError):
    """A stack's file cannot be used; says which file, which entry and what to write instead."""


def file_of(stack: str, project: Path) -> Path | None:
    """The file with the levels of a stack; None when the stack has none."""
    folder = project / FOLDER
    path = folder / f"{stack}.json"
    try:
        # A stack's name comes from a preview's text too: it leads nowhere else.
        return path if path.parent == folder and path.is_file() else None
    except (OSError, ValueError):
        return None  # a name that no file can have


def settings_of(stack: str, project: Path) -> dict[str, Setting]:
    """What a stack says about each rule, by rule name; `project` is the folder with Pulumi.yaml.

    A `LevelsError` says that its file is not JSON, or names what there is not.
    """
    content, path = {}, file_of(stack, project)
    if path is not None:
        try:
            content = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise LevelsError(f"{FOLDER}/{path.name} is not JSON ({error})") from error
    said = parse(content, source=f"{FOLDER}/{stack}.json")
    return {
        rule.name: replace(
            said[rule.name], options={**said[rule.name].options, **production_in(project, rule)}
        )
        for rule in RULES
    }


def production_in(project: Path, rule: Rule) -> dict[str, list[str]]:
    """The stacks that tenants.toml calls production, as the option of a rule that asks for them.

    They go before everything else that may say so; empty where there is no such file.
    """
    if PRODUCTION not in rule.options:
        return {}
    try:
        named = read_tenants_file(project).production
    except NotNamedError as error:
        raise LevelsError(str(error)) from None
    return {} if named is None else {PRODUCTION: named}


def is_production(stack: str, project: Path) -> bool:
    """Whether users depend on a stack, as its file says or its name.

    A file that cannot be used says nothing against it, so that the careful answer is given.
    """
    try:
        settings = settings_of(stack, project)
    except LevelsError:
        return True
    return any(
        rule.context(stack, settings[rule.name].options).production
        for rule in RULES
        if PRODUCTION in rule.options
    )


def relaxed(stack: str, *, base: Path, project: Path) -> list[str]:
    """What the rules and pinned addresses of a project ask less of a stack than its base's do."""
    return [*_relaxed_rules(stack, base, project), *_relaxed_pins(stack, base, project)]


def _relaxed_rules(stack: str, base: Path, project: Path) -> Iterator[str]:
    was, will_be, order = settings_of(stack, base), settings_of(stack, project), [*Level]
    for rule in RULES:
        before, after = was[rule.name], will_be[rule.name]
        if order.index(after.level) > order.index(before.level):
            yield f"{rule.name}: {before.level} → {after.level}"
        sides = [rule.context(stack, one.options) for one in (before, after)]
        for name in rule.options:
            if name == PRODUCTION:
                if sides[0].production and not sides[1].production:
                    yield f"{rule.name}: {stack} is production no more"
            elif {*sides[1].options[name]} - {*sides[0].options[name]}:
                told = [", ".join(one.options[name]) or "none" for one in sides]
                yield f"{rule.name}, {name}: {' → '.join(told)}"


def _relaxed_pins(stack: str, base: Path, project: Path) -> Iterator[str]:
    try:
        was, will_be = (read_tenants_file(one).named for one in (base, project))
    except NotNamedError as error:
        raise LevelsError(str(error)) from None
    if was is None or stack not in was:
        return
    if will_be is None:
        yield f"{TENANTS_FILE} is gone: no address is pinned"
    elif stack in will_be and was[stack] != will_be[stack]:
        told = [
            f"{one.tenant}, {one.cpaas_base_host or 'no CPaaS'}"
            for one in (was[stack], will_be[stack])
        ]
        yield f"{TENANTS_FILE}, addresses that get secrets: {' → '.join(told)}"


def parse(content: Any, *, source: str) -> dict[str, Setting]:
    """The same, of a file's content; `source` names it in an error."""
    if not isinstance(content, Mapping):
        raise LevelsError(f"{source}: expected an object of rules, such as {{}}")
    known = {rule.name for rule in RULES}
    for name in content:
        if name not in {*known, _ALL}:
            names = ", ".join(sorted(known))
            raise LevelsError(f"{source}: there is no rule {name}; the rules are {names}")
    everywhere = _entry(content.get(_ALL, {}), f"{source}: {_ALL}")
    found = {}
    for rule in RULES:
        place = f"{source}: {rule.name}"
        entry = _entry(content.get(rule.name, {}), place)
        options = {key: value for key, value in entry.items() if key != _LEVEL_KEY}
        for key, value in options.items():
            is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
            if key not in rule.options or not is_list:
                may = ", ".join(f"{one} (a list of strings)" for one in rule.options) or "nothing"
                raise LevelsError(f"{place}: {key} cannot be set so; beside the level, set {may}")
        level = entry.get(_LEVEL_KEY, everywhere.get(_LEVEL_KEY, rule.level))
        if level not in [*Level]:
            levels = ", ".join(Level)
            raise LevelsError(f"{place}: there is no level {level!r}; use one of {levels}")
        found[rule.name] = Setting(level=Level(level), options=options)
    return found


def _entry(value: Any, place: str) -> Mapping[str, Any]:
    if isinstance(value, str):
        return {_LEVEL_KEY: value}
    if isinstance(value, Mapping):
        return value
    raise LevelsError(f"{place}: expected a level, or an object with {_LEVEL_KEY} and options")
