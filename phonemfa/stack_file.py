"""A stack's settings as its file has them, for commands that run outside of Pulumi.

Owns reading `Pulumi.<stack>.yaml`. Refuses to decrypt: the CPaaS key is only looked at for being
a secret. The rules are those of `components.settings`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.faults import HIDDEN, Fault
from components.raw_config import API_KEY, NAMESPACE, decoded
from components.settings import StackSettings


class StackFileError(Exception):
    """There is no usable file for that stack."""


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """What a command needs of a stack."""

    settings: StackSettings
    domain: str


def read_stack_file(folder: Path, stack: str, *, file: Path | None = None) -> StackFile:
    """Settings of a stack.

    Raises:
        StackFileError: no such file, or it is no mapping with `config`.
        SettingsError: naming every fault of the settings.
    """
    path = file or folder / f"Pulumi.{stack}.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(sorted(one.name[7:-5] for one in folder.glob("Pulumi.*.yaml")))
        raise StackFileError(
            f"There is no {path.name} in {folder}. Stacks with a file: {known or 'none'}."
        ) from None
    except yaml.YAMLError as error:
        raise StackFileError(f"{path.name} is not YAML: {error}") from None
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
    faults = _key_faults(values.pop(API_KEY, None))
    settings = StackSettings.check(stack, values, faults=faults)
    return StackFile(settings=settings, domain=str(config.get("auth0:domain", "")))


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
