"""A stack's settings as its file has them, for commands that run outside of Pulumi.

Owns reading `Pulumi.<stack>.yaml`. Refuses to decrypt: the CPaaS key is only looked at for being
a secret. The rules are those of `components.settings.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from components.settings.faults import HIDDEN, Fault, printable
from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY, NAMESPACE, decoded
from components.tenant.access import credentials_in
from phonemfa.files import why
from phonemfa.stack_yaml import loaded

LARGEST: Final = 2**20
"""Bytes of a stack's file; reading more takes PyYAML minutes."""


class StackFileError(Exception):
    """There is no usable file for that stack."""


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """What a command needs of a stack."""

    settings: StackSettings
    domain: str
    auth0: Mapping[str, Any] = field(default_factory=dict)
    """The `auth0:` keys, without that prefix; an encrypted value is a mapping."""


def read_stack_file(folder: Path, stack: str, *, file: Path | None = None) -> StackFile:
    """Settings of a stack.

    Raises:
        StackFileError: no such file, or it is no mapping with `config`.
        SettingsError: naming every fault of the settings.
    """
    path = file or folder / f"Pulumi.{stack}.yaml"
    try:
        content = read_yaml(path)
    except FileNotFoundError:
        known = ", ".join(sorted(one.name[7:-5] for one in folder.glob("Pulumi.*.yaml")))
        raise StackFileError(
            f"There is no {path.name} in {folder}. Stacks with a file: {known or 'none'}."
        ) from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise StackFileError(f"{path.name} has no `config:` block.")
    prefix = f"{NAMESPACE}:"
    values = {
        # `pulumi config set` writes text, a list too; the engine hands over what it means.
        key.removeprefix(prefix): decoded(value) if isinstance(value, str) else value
        for key, value in config.items()
        if isinstance(key, str) and key.startswith(prefix)
    }
    domain = config.get("auth0:domain", "")
    if not isinstance(domain, str):
        raise StackFileError(f"{path.name}: auth0:domain is no text: set it without --secret.")
    faults = _key_faults(values.pop(API_KEY, None))
    settings = StackSettings.check(stack, values, faults=faults)
    auth0 = credentials_in(config)
    return StackFile(settings=settings, domain=domain, auth0=auth0)


def read_yaml(path: Path) -> Any:
    """What is in a YAML file, with nothing in it twice: Pulumi refuses that too.

    Raises:
        FileNotFoundError: there is none.
        StackFileError: it cannot be read, or is not YAML.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise StackFileError(f"{path.name} is larger than any stack's file: over 1 MiB.")
        return loaded(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except yaml.YAMLError as error:
        raise StackFileError(f"{path.name} is not YAML: {printable(str(error))}") from None
    except RecursionError:
        raise StackFileError(f"{path.name} is not usable: it is nested too deep.") from None
    except OSError as error:
        raise StackFileError(f"{path} cannot be read: {why(error)}.") from None
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        # Not UTF-8, no date, no number: PyYAML passes Python's own errors on.
        raise StackFileError(f"{path.name} is not usable: {printable(str(error)[:200])}.") from None


def _key_faults(value: Any) -> list[Fault]:
    # Not set is no fault here: a check before the first `pulumi config set` is the normal case.
    if value is None or (isinstance(value, dict) and "secure" in value):
        return []
    return [
        Fault(
            key=f"{NAMESPACE}:{API_KEY}",
            value=HIDDEN,
            consequence="The CPaaS API key is in the stack's file as plain text.",
            fix="revoke the key at NTT CPaaS, then pulumi config set --secret with the new one",
        )
    ]
