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

import yaml
from dotenv import dotenv_values

from components.settings.raw_config import NAMESPACE
from components.tenant.access import credentials_in

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


def stack_names(project: Path) -> list[str]:
    """Every stack with a file in the project, sorted."""
    return sorted(one.name[len("Pulumi.") : -len(".yaml")] for one in _files(project))


def read_member(project: Path, stack: str, *, env_dir: Path | None = None) -> Member:
    """What is known of a stack; a file that cannot be read is its `fault`.

    Args:
        project: the folder with Pulumi.yaml.
        stack: its name.
        env_dir: has `<stack>.env` files, with variables of single stacks.
    """
    file = project / f"Pulumi.{stack}.yaml"
    variables = _variables(env_dir / f"{stack}.env") if env_dir else {}
    try:
        config = _config(file)
    except (OSError, yaml.YAMLError, ValueError) as error:
        fault = f"{file.name} cannot be used: {error}"
        return Member(stack=stack, file=file, variables=variables, fault=fault)
    own = _text(config.get(DOMAIN))
    inherited = variables.get("AUTH0_DOMAIN") or os.environ.get("AUTH0_DOMAIN", "")
    protect = config.get(f"{NAMESPACE}:protect")
    return Member(
        stack=stack,
        file=file,
        domain=(own or inherited).lower().removeprefix("https://").rstrip("/"),
        own_domain=bool(own or variables.get("AUTH0_DOMAIN")),
        protected=str(protect).lower() == "true" or bool(_PRODUCTION.search(stack)),
        auth0=credentials_in(config),
        variables=variables,
    )


def same_tenant(members: list[Member]) -> dict[str, list[str]]:
    """Tenants that several stacks name, with those stacks."""
    stacks: dict[str, list[str]] = {}
    for one in members:
        if one.domain:
            stacks.setdefault(one.domain, []).append(one.stack)
    return {domain: names for domain, names in stacks.items() if len(names) > 1}


def _files(project: Path) -> list[Path]:
    return [one for one in project.glob("Pulumi.*.yaml") if one.is_file()]


def _config(file: Path) -> Mapping[str, Any]:
    content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise ValueError("it has no `config:` block.")  # noqa: TRY004 - one fault of the file
    return config


def _text(value: object) -> str:
    """A plain value; an encrypted one is a mapping, and unknown here."""
    return value if isinstance(value, str) else ""


def _variables(file: Path) -> dict[str, str]:
    # Nothing is expanded: a secret may hold a dollar sign.
    found = dotenv_values(file, interpolate=False) if file.is_file() else {}
    return {name: value for name, value in found.items() if value is not None}
