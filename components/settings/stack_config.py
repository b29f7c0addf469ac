"""The config of the current stack, as the components take it.

Owns reading `pulumi.Config` (nothing else in the package does). Refuses the rules of what it may
say (settings.py) and to hold a secret as a `str`: the CPaaS key is an `Output` secret from the
moment it is read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.settings.adopted import NOTICE
from components.settings.model import StackSettings
from components.settings.raw_config import (
    API_KEY,
    NAMESPACE,
    decoded,
    secret_faults,
    usable_key,
    values_of,
)
from components.settings.text_rules import text_warnings
from components.settings.texts import Texts, texts_for
from components.tenant.access import VARIABLES, NoAccessError, bare, check_one_tenant
from components.tenant.stack_access import TenantAccess
from components.vocabulary import MessageType


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The settings of a stack, its texts, its one secret, and the provider's way to the tenant.

    `project` is the folder with Pulumi.yaml: where paths in the config start.
    """

    settings: StackSettings
    texts: Mapping[MessageType, Texts]
    cpaas_api_key: pulumi.Output[str]
    tenant: TenantAccess
    project: Path = Path()


def load(config: pulumi.Config | None = None) -> Loaded:
    """Read and check the config of the current stack; what is merely doubtful is logged.

    Raises:
        SettingsError: naming every fault, before any resource is declared.
    """
    config = config or pulumi.Config(NAMESPACE)
    raw = values_of(config)
    faults = secret_faults(config, raw, key_needed="adopted" not in raw)
    hidden = {fault.key.removeprefix(f"{config.name}:") for fault in faults} | {API_KEY}
    values = {key: decoded(value) for key, value in raw.items() if key not in hidden}
    settings = StackSettings.check(pulumi.get_stack(), values, faults=faults)
    texts = texts_for(settings.language, settings.sent_message_types, settings.texts)
    if settings.adopted:
        pulumi.log.warn(NOTICE)
    for warning in text_warnings(texts, settings.origin_bound_code):
        pulumi.log.warn(warning)
    return Loaded(
        settings=settings,
        texts=texts,
        cpaas_api_key=_api_key(config, settings),
        tenant=_tenant_access(),
        # An older language host does not tell; Pulumi starts programs in their folder.
        project=Path(pulumi.get_root_directory() or ""),
    )


def _tenant_access() -> TenantAccess:
    # As the auth0 provider does: its config first, then its variables.
    config = pulumi.Config("auth0")

    def text(key: str) -> str:
        return config.get(key) or os.environ.get(VARIABLES[key], "")

    def secret(key: str) -> pulumi.Output[str] | None:
        from_environment = os.environ.get(VARIABLES[key])
        default = pulumi.Output.secret(from_environment) if from_environment else None
        return config.get_secret(key) or default

    def place(key: str) -> str:
        return f"auth0:{key} in the stack's config" if config.get(key) else VARIABLES[key]

    try:
        check_one_tenant(config.get("domain"), os.environ.get(VARIABLES["domain"], ""))
    except NoAccessError as error:
        raise pulumi.RunError(f"{error} Nothing was written.") from None
    api_token, key = secret("apiToken"), secret("clientAssertionPrivateKey")
    if api_token is not None:
        who = f"The token is from {place('apiToken')}"
    elif key is not None:
        who = (
            f"The client is from {place('clientId')}, its private key from "
            f"{place('clientAssertionPrivateKey')}"
        )
    else:
        who = f"The client is from {place('clientId')}, its secret from {place('clientSecret')}"
    return TenantAccess(
        domain=bare(text("domain")),
        client_id=text("clientId"),
        client_secret=secret("clientSecret"),
        assertion_key=key,
        assertion_algorithm=text("clientAssertionSigningAlg"),
        api_token=api_token,
        audience=text("audience"),
        origin=f"{who}, the domain from {place('domain')}.",
    )


def _api_key(config: pulumi.Config, settings: StackSettings) -> pulumi.Output[str]:
    if settings.adopted and not config.get(API_KEY):
        return pulumi.Output.secret("")
    return config.require_secret(API_KEY).apply(usable_key)
