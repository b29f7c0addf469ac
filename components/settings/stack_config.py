"""The config of the current stack, as the components take it.

The CPaaS key is an `Output` secret from the moment it is read, and never a `str`.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.config_files import (
    StackFileError,
    Turned,
    decoded,
    in_namespace,
    locale_fault,
    read_config,
)
from components.settings.adopted import NOTICE
from components.settings.message_size import SmsSize
from components.settings.model import StackSettings, sample_of
from components.settings.raw_config import (
    API_KEY,
    NAMESPACE,
    secret_faults,
    turned_fault,
    usable_key,
)
from components.settings.text_files import with_text_files
from components.settings.text_rules import sms_sizes, text_warnings
from components.tenant.access import (
    FIELDS,
    SECRETS,
    VARIABLES,
    Access,
    NoAccessError,
    bare,
    check_domain,
    check_one_tenant,
)
from components.tenant.stack_access import TenantAccess
from components.tenant.tenants_file import read_tenants_file
from components.vocabulary import MessageType


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The settings of a stack, its one secret, and the provider's way to the tenant.

    `project` is the folder with Pulumi.yaml: where paths in the config start.
    """

    settings: StackSettings
    cpaas_api_key: pulumi.Output[str]
    tenant: TenantAccess
    project: Path = Path()

    @property
    def sms_sizes(self) -> dict[MessageType, SmsSize]:
        """The size of each SMS, with a long name, a code and the autofill line of this stack."""
        values = sample_of(self.settings.plain())
        return sms_sizes(self.settings.declared_texts, self.settings.origin_bound_code, values)


def load() -> Loaded:
    """Read and check the config of the current stack; what is merely doubtful is logged.

    A `SettingsError` names every fault, before any resource is declared.
    """
    fault = locale_fault()
    if fault:
        raise pulumi.RunError(f"{fault} Nothing was written.")
    config = pulumi.Config(NAMESPACE)
    # pulumi.Config answers single keys only; a misspelt key must be seen, so all are read.
    everything = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    raw = in_namespace(everything, NAMESPACE)
    secrets = {one for one in raw if pulumi.runtime.is_config_secret(f"{NAMESPACE}:{one}")}
    values = {key: decoded(value) for key, value in raw.items() if key not in secrets | {API_KEY}}
    faults = [
        *secret_faults(raw, secrets, key_needed="adopted" not in raw),
        *map(turned_fault, _turned(values)),
    ]
    # An older language host does not tell; Pulumi starts programs in their folder.
    project = Path(pulumi.get_root_directory() or "")
    values, more = with_text_files(values, project)
    settings = StackSettings.check(pulumi.get_stack(), values, faults=[*faults, *more])
    if settings.adopted:
        pulumi.log.warn(NOTICE)
    sizes = sample_of(settings.plain())
    for warning in text_warnings(settings.declared_texts, settings.origin_bound_code, sizes):
        pulumi.log.warn(warning)
    return Loaded(
        settings=settings,
        cpaas_api_key=_api_key(config, settings),
        tenant=_tenant_access(settings, project),
        project=project,
    )


def _turned(values: dict[str, Any]) -> list[Turned]:
    """What is in force of the values that the files write otherwise; `values` get it as written.

    The engine does not tell which file it took (`--config-file`), so a value that is not what
    would have become of the one in the stack's own file is from another.
    """
    try:
        files = read_config(Path(pulumi.get_root_directory() or ""), pulumi.get_stack())
    except StackFileError:
        return []  # The engine read it, so it is fit for all but this.
    found = []
    for one in files.turned:
        space, _, name = one.key.partition(":")
        value: Any = values.get(name) if space == NAMESPACE else pulumi.Config(space).get(name)
        for step in one.path:
            try:
                value = value[step]
            except (LookupError, TypeError):  # of another file
                value = None
        if value is not None and str(value) != one.written and one.read in {"", str(value)}:
            found.append(one)
    refused = {one.key for one in found}
    values |= {
        name: value
        for name, value in files.of(NAMESPACE).items()
        if f"{NAMESPACE}:{name}" in refused
    }
    return found


def _tenant_access(settings: StackSettings, project: Path) -> TenantAccess:
    # As the auth0 provider does: its config first, then its variables.
    config = pulumi.Config("auth0")
    found = {
        key: config.get(key) or os.environ.get(variable, "") for key, variable in VARIABLES.items()
    }

    def place(key: str) -> str:
        return f"auth0:{key} in the stack's config" if config.get(key) else VARIABLES[key]

    try:
        check_one_tenant(config.get("domain"), os.environ.get(VARIABLES["domain"], ""))
        check_domain(found["domain"])
        read_tenants_file(project).check(
            pulumi.get_stack(), domain=found["domain"], cpaas_base_host=settings.cpaas_base_host
        )
    except NoAccessError as error:
        raise pulumi.RunError(f"{error} Nothing was written.") from None
    if found["apiToken"]:
        who = f"The token is from {place('apiToken')}"
    else:
        signs = bool(found["clientAssertionPrivateKey"])
        key = "clientAssertionPrivateKey" if signs else "clientSecret"
        proof = "private key" if signs else "secret"
        who = f"The client is from {place('clientId')}, its {proof} from {place(key)}"
    secrets = {FIELDS[key]: pulumi.Output.secret(found[key]) for key in SECRETS if found[key]}
    plain = {FIELDS[key]: value for key, value in found.items() if key not in SECRETS}
    return TenantAccess(
        access=Access(**plain | {"domain": bare(found["domain"])}),
        secrets=secrets,
        origin=f"{who}, the domain from {place('domain')}.",
    )


def _api_key(config: pulumi.Config, settings: StackSettings) -> pulumi.Output[str]:
    if settings.adopted and not config.get(API_KEY):
        return pulumi.Output.secret("")
    return config.require_secret(API_KEY).apply(usable_key)
