"""Which stacks are meant, in which waves, and which part of them is this machine's.

Without a word nothing is selected, and a pattern that fits nothing is an error. A wildcard never
takes production along to be written to. Bad settings in a stack's file are for the engine to tell.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from components.config_files import StackFileError, read_config
from components.settings.raw_config import NAMESPACE
from components.tenant.access import VARIABLES, Access, bare
from phonemfa.answered import RefusedError
from phonemfa.files import why
from policy.levels import is_production

_WILD: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One stack.

    Attributes:
        domain: the tenant, lower case, no scheme; empty when neither file nor variables name one.
        own_domain: whether the file names it, so that no variable of the shell decides.
        protected: `phonemfa:protect`, or production (`policy.levels.is_production`).
        auth0: the file's `auth0:` keys, without that prefix; an encrypted value is a mapping.
        variables: of the stack alone, over those of this process. Never shown: they hold secrets.
    """

    stack: str
    file: Path
    domain: str = ""
    own_domain: bool = False
    protected: bool = False
    auth0: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    fault: str = ""

    @property
    def credential(self) -> str:
        """Who asks the tenant, as far as it is told without decrypting anything; no secret."""
        found = {
            key: self.auth0.get(key) or self.environ.get(VARIABLES[key], "")
            for key in ("clientId", "apiToken")
        }
        client = found["clientId"] if isinstance(found["clientId"], str) else "(encrypted)"
        return Access(domain=self.domain, client_id=client, api_token=str(found["apiToken"])).who

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, **self.variables}


def read_member(project: Path, stack: str, *, env_dir: Path | None = None) -> Member:
    """What is known of a stack; a file that cannot be read is its `fault`.

    `env_dir` has `<stack>.env` files, with variables of single stacks.
    """
    variables: Mapping[str, str] = {}
    try:
        variables = _variables(env_dir / f"{stack}.env") if env_dir else {}
        config = read_config(project, stack)
        fault = "" if config.file.is_file() else f"There is no {config.file.name}."
    except StackFileError as error:
        fault = str(error)
    if fault:
        file = project / f"Pulumi.{stack}.yaml"
        return Member(stack=stack, file=file, variables=variables, fault=fault)
    own = config.values.get("auth0:domain", "")
    own = own if isinstance(own, str) else ""  # encrypted: unknown here
    inherited = variables.get("AUTH0_DOMAIN") or os.environ.get("AUTH0_DOMAIN", "")
    protect = config.values.get(f"{NAMESPACE}:protect")
    return Member(
        stack=stack,
        file=config.file,
        domain=bare((own or inherited).lower()),
        own_domain=bool(own or variables.get("AUTH0_DOMAIN")),
        protected=str(protect).lower() == "true" or is_production(stack, project),
        auth0=config.of("auth0"),
        variables=variables,
    )


def by_tenant(members: Iterable[Member]) -> list[list[Member]]:
    """Those of one tenant together; one without a tenant is alone."""
    tenants: dict[str, list[Member]] = {}
    for one in members:
        tenants.setdefault(one.domain or f"stack {one.stack}", []).append(one)
    return list(tenants.values())


def _variables(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        # Nothing is expanded: a secret may hold a dollar sign.
        found = dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise StackFileError(f"{file.name} is not UTF-8: save it as UTF-8.") from None
    except OSError as error:
        raise StackFileError(f"{file.name} cannot be read: {why(error)}.") from None
    given = {name: value for name, value in found.items() if value is not None}
    if any("\0" in f"{name}{value}" or not name for name, value in given.items()):
        raise StackFileError(f"{file.name} is no file of variables: one has a NUL, or no name.")
    return given


def part_of(members: Sequence[Member], shard: str) -> list[Member]:
    """The members of a part such as `3/8`: the same on every machine, and each in one part.

    Stacks of one tenant stay together, as no other machine knows that it has to wait. What is no
    part of a whole is a `RefusedError`.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", shard)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise RefusedError(
            f"--shard {shard} is no part of a whole: write 3/8 for the third of eight parts."
        )
    tenants = by_tenant(sorted(members, key=lambda member: member.stack))
    ours = [one for group in tenants[int(found[1]) - 1 :: int(found[2])] for one in group]
    return sorted(ours, key=lambda member: member.stack)


def select(
    known: Collection[str],
    read: Callable[[str], Member],
    *,
    patterns: Sequence[str] = (),
    every: bool = False,
    listed: Sequence[str] = (),
    excluded: Sequence[str] = (),
    include_protected: bool = False,
    writes: bool = False,
) -> tuple[list[Member], dict[str, str]]:
    """The stacks that are meant, by name, and who was left out of a wildcard, with the reason.

    Of all `known` stacks `every` one, or those that `patterns` (names and globs) and `listed` names
    say; never those that `excluded` fits. Where the command `writes`, wildcards take production
    along only with `include_protected`.

    Raises:
        RefusedError: nothing was asked for, a name or glob fits no stack, or nothing is left.
    """
    if not (every or patterns or listed):
        raise RefusedError(
            "Which stacks? --all, --stack NAME or --stack 'GLOB' (repeat it), or --stacks-from "
            f"FILE. Stacks with a file: {_names(known)}."
        )
    named = {*(one for one in patterns if not _WILD.search(one)), *listed}
    wildcards = [one for one in (*patterns, *excluded) if _WILD.search(one)]
    unknown = sorted(named - set(known))
    unknown += [one for one in wildcards if not _fitting(known, [one])]
    if unknown:
        raise RefusedError(
            f"No stack has this name, or fits: {', '.join(unknown)}. Stacks with a file: "
            f"{_names(known)}."
        )
    wild = set(known) if every else _fitting(known, patterns)
    members, left_out = [], {}
    for stack in sorted((named | wild) - _fitting(known, excluded)):
        member = read(stack)
        by_name = f"--stack {stack}"
        if stack not in named and not (member.own_domain or member.fault):
            left_out[stack] = f"{member.file.name} names no auth0:domain; {by_name} takes it along"
        elif stack not in named and writes and member.protected and not include_protected:
            how = f"{by_name} or --include-protected takes it along"
            left_out[stack] = f"production or phonemfa:protect; {how}"
        else:
            members.append(member)
    if not members:
        reasons = "".join(f" {stack}: {reason}." for stack, reason in left_out.items())
        raise RefusedError(f"No stack is left of the selection.{reasons}")
    return members, left_out


def waves(members: Sequence[Member], canaries: Sequence[str]) -> list[list[Member]]:
    """One wave a canary pattern, in the order given, and the rest; none fits: `RefusedError`."""
    left, found = list(members), []
    for pattern in canaries:
        wave = [one for one in left if fnmatchcase(one.stack, pattern)]
        if not wave:
            raise RefusedError(
                f"--canary {pattern} fits no selected stack that is in no earlier wave. Selected: "
                f"{_names(one.stack for one in members)}."
            )
        found.append(wave)
        left = [one for one in left if one not in wave]
    return [*found, left] if left else found


def _fitting(known: Collection[str], patterns: Sequence[str]) -> set[str]:
    return {one for one in known if any(fnmatchcase(one, pattern) for pattern in patterns)}


def _names(stacks: Iterable[str]) -> str:
    return ", ".join(sorted(stacks)) or "none"


def listed(path: Path) -> list[str]:
    """Stack names of a list, at least one: one a line, `#` begins a comment; or `RefusedError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise RefusedError(f"--stacks-from {path} cannot be read: {error}") from None
    names = [name for line in lines if (name := line.partition("#")[0].strip())]
    if not names:
        raise RefusedError(f"--stacks-from {path} names no stack.")
    return names
