"""Which stack a command is about, and what its config says: the one answer for every command.

The values are those that the engine hands to the program, read without it (components.config_files)
unless values of Pulumi ESC belong to them. Nothing is decrypted: of a secret is only seen that it
is one.
"""

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from components.config_files import (
    Config,
    StackFileError,
    decoded,
    locale_fault,
    read_config,
    stack_names,
)
from components.masking import printable
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.raw_config import API_KEY, NAMESPACE, secret_faults, turned_fault
from components.settings.text_files import with_text_files
from components.tenant.access import Access, NoAccessError, check_domain
from components.tenant.tenants_file import read_tenants_file
from phonemfa.answered import NO_ANSWER, NotDoneError
from phonemfa.files import FileNotWrittenError, write_whole
from phonemfa.output.terminal import working
from phonemfa.pulumi.engine import EngineFailedError, PulumiCli

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """What a command needs of a stack.

    Attributes:
        stack: its name alone, for people and file names.
        domain: of the tenant, by the config or else AUTH0_DOMAIN; empty when neither names one.
        auth0: the `auth0:` keys, without that prefix; an encrypted value is a mapping.
        secrets: the encrypted values, as `namespace:name`.
    """

    stack: str
    file: Path
    project: Path
    cli: PulumiCli
    settings: StackSettings
    domain: str
    auth0: Mapping[str, Any] = field(default_factory=dict)
    project_name: str = ""
    secrets: tuple[str, ...] = ()

    @cached_property
    def access(self) -> Access:
        """Who asks the tenant; a `TenantUnreadableError` names every credential that is missing."""
        return Access.of(config=self.auth0)


def refuse_turned(config: Config) -> None:
    """Raise `SettingsError` where something would be deployed otherwise than it is written."""
    if config.turned:
        raise SettingsError(config.stack, [turned_fault(one) for one in config.turned])


def read_stack_file(project: Path, stack: str | None, *, file: Path | None = None) -> StackFile:
    """The stack that is meant, with its settings.

    `project` may be below the folder with Pulumi.yaml; without `stack` it is the selected one.

    Raises:
        StackFileError: there is no such stack, none is selected, or a file cannot be used.
        SettingsError: naming every fault of the settings.
    """
    if fault := locale_fault():
        raise StackFileError(fault)
    name = name_of(project, stack)
    config = read_config(project, name, file=file)
    if not config.file.is_file():
        raise StackFileError(
            f"There is no {printable(config.file.name)} in {config.file.parent.resolve()}. "
            f"{_known(project)}"
        )
    cli = PulumiCli(config.folder, name, config_file=file)
    if config.environments:
        config = replace(config, values=_of_engine(cli))
    auth0, said = config.of("auth0"), config.of(NAMESPACE)
    domain = auth0.get("domain", "")
    if not isinstance(domain, str):
        raise StackFileError(
            f"{config.file.name}: auth0:domain is no text: set it without --secret."
        )
    secrets = {key for key, value in said.items() if _is_secret(value)}
    values = {key: value for key, value in said.items() if key not in secrets | {API_KEY}}
    values, more = with_text_files(values, config.folder)
    # The key's not being set is no fault: a check before the first `pulumi config set` is normal.
    faults = [
        *secret_faults(said, secrets, key_needed=False),
        *map(turned_fault, config.turned),
        *more,
    ]
    settings = StackSettings.check(config.stack, values, faults=faults)
    # AUTH0_DOMAIN counts where the config is silent; that both name one tenant is checked by
    # whoever contacts it.
    domain = domain or os.environ.get("AUTH0_DOMAIN", "")
    try:
        check_domain(domain)
        read_tenants_file(config.folder).check(
            config.stack,
            domain=domain,
            cpaas_base_host=settings.cpaas_base_host,
        )
    except NoAccessError as error:
        raise StackFileError(str(error)) from None
    return StackFile(
        stack=config.stack,
        file=config.file,
        project=config.folder,
        cli=cli,
        settings=settings,
        domain=domain,
        auth0=auth0,
        project_name=config.project_name,
        secrets=tuple(key for key, value in config.values.items() if _is_secret(value)),
    )


def keep_endings(file: Path, before: bytes) -> None:
    """Give a stack's file back what it had `before` and `pulumi config set` leaves out.

    That is its line endings and its byte order mark.
    """
    written = after = file.read_bytes()
    if b"\r\n" in before and b"\r\n" not in after:
        after = after.replace(b"\n", b"\r\n")
    if before.startswith(BOM_UTF8) and not after.startswith(BOM_UTF8):
        after = BOM_UTF8 + after
    if after != written:
        write_whole(file, after)


def or_take_back(
    step: Callable[[], T], take_back: Callable[[], str], failed: type[Exception] = NotDoneError
) -> T:
    """What a step answers; whatever stops it half-way takes back what it had begun.

    `take_back` says what came of that, and raises nothing: `failed` has it and the reason. What is
    no fault of engine, tenant or file is raised as it is.
    """
    try:
        return step()
    except (*NO_ANSWER, FileNotWrittenError, NotDoneError) as error:
        raise failed(f"{error}\n{take_back()}") from None
    except KeyboardInterrupt:
        # The engine has ended by now: a step that did not end is taken back.
        raise failed(f"Stopped as asked.\n{take_back()}") from None
    except BaseException:
        take_back()
        raise


def name_of(project: Path, stack: str | None) -> str:
    """The stack that is meant: the selected one when none is named, or `StackFileError`."""
    if stack is not None:
        return stack
    try:
        with working("asking pulumi which stack is selected"):
            return PulumiCli(project, None).selected()
    except EngineFailedError as error:
        raise StackFileError(
            f"Which stack? --stack NAME, or pulumi stack select NAME. {_known(project)}\n{error}"
        ) from None


def _known(project: Path) -> str:
    return f"Stacks with a file: {', '.join(stack_names(project)) or 'none'}."


def _of_engine(cli: PulumiCli) -> dict[str, Any]:
    """The config with the values of its environments, which only the engine can open."""
    try:
        with working("opening the stack's environment"):
            answer = cli.config()
    except EngineFailedError as error:
        raise StackFileError(
            "The stack's config has an `environment:` of Pulumi ESC, which only the engine opens, "
            f"and it did not: {error}"
        ) from None
    return {
        key: {"secure": ""} if one.get("secret") else decoded(str(one.get("value", "")))
        for key, one in answer.items()
    }


def _is_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return (len(value) == 1 and isinstance(value.get("secure"), str)) or any(
            _is_secret(one) for one in value.values()
        )
    return isinstance(value, list) and any(_is_secret(one) for one in value)
