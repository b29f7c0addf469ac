"""One stack of a fleet, before anything runs: its file, its tenant, its variables.

Owns reading just that. Refuses to judge settings: a stack with bad ones is told by the engine, and
stops nobody else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dotenv import dotenv_values

from components.config_files import StackFileError, read_config
from components.settings.raw_config import NAMESPACE
from phonemfa.files import why

_PRODUCTION: Final = re.compile(r"(?:^|[-_.])prod(?:uction)?(?:$|[-_.])", re.IGNORECASE)
DOMAIN: Final = "auth0:domain"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One stack.

    Attributes:
        file: its Pulumi.<stack>.yaml.
        domain: the tenant, lower case, no scheme; empty when neither file nor variables name one.
        own_domain: whether the file names it, so that no variable of the shell decides.
        protected: `phonemfa:protect`, or a name that says production.
        auth0: the file's `auth0:` keys, without that prefix; an encrypted value is a mapping.
        variables: of the stack alone, over those of this process. Never shown: they hold secrets.
        fault: why the file cannot be used.
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
    def environ(self) -> dict[str, str]:
        """The environment of the stack's processes."""
        return {**os.environ, **self.variables}


def read_member(project: Path, stack: str, *, env_dir: Path | None = None) -> Member:
    """What is known of a stack; a file that cannot be read is its `fault`.

    Args:
        project: the folder with Pulumi.yaml.
        stack: its name.
        env_dir: has `<stack>.env` files, with variables of single stacks.
    """
    variables: Mapping[str, str] = {}
    try:
        variables = _variables(env_dir / f"{stack}.env") if env_dir else {}
        config = read_config(project, stack)
    except StackFileError as error:
        file = project / f"Pulumi.{stack}.yaml"
        return Member(stack=stack, file=file, variables=variables, fault=str(error))
    if not config.file.is_file():
        fault = f"There is no {config.file.name}."
        return Member(stack=stack, file=config.file, variables=variables, fault=fault)
    own = _text(config.values.get(DOMAIN))
    inherited = variables.get("AUTH0_DOMAIN") or os.environ.get("AUTH0_DOMAIN", "")
    protect = config.values.get(f"{NAMESPACE}:protect")
    return Member(
        stack=stack,
        file=config.file,
        domain=(own or inherited).lower().removeprefix("https://").rstrip("/"),
        own_domain=bool(own or variables.get("AUTH0_DOMAIN")),
        protected=str(protect).lower() == "true" or bool(_PRODUCTION.search(stack)),
        auth0=config.of("auth0"),
        variables=variables,
    )


def same_tenant(members: list[Member]) -> dict[str, list[str]]:
    """Tenants that several stacks name, with those stacks."""
    stacks: dict[str, list[str]] = {}
    for one in members:
        if one.domain:
            stacks.setdefault(one.domain, []).append(one.stack)
    return {domain: names for domain, names in stacks.items() if len(names) > 1}


def _text(value: object) -> str:
    """A plain value; an encrypted one is a mapping, and unknown here."""
    return value if isinstance(value, str) else ""


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
