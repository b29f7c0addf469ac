"""A company's own repository: the answers that it is made from, and its files from `template/`."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.tenant.access import bare
from phonemfa.answered import RefusedError
from phonemfa.files import write_whole
from phonemfa.new.package import Package

TEMPLATE: Final = next(
    folder
    for folder in (
        Path(__file__).resolve().parent.parent / "template",  # in the wheel
        Path(__file__).resolve().parent.parent.parent / "template",
    )
    if (folder / "Pulumi.yaml.j2").is_file()
)
_STACK: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DOMAIN: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,62}")
_OWNERS: Final = re.compile(r"@[\w-]+(?:/[\w.-]+)?(?: @[\w-]+(?:/[\w.-]+)?)*")


@dataclass(frozen=True, kw_only=True)
class StackAnswer:
    """One stack: its name, its tenant's domain, and whether users depend on it."""

    name: str
    tenant: str
    production: bool


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that a repository is made from.

    Attributes:
        name: of the project.
        stacks: in the order in which they are deployed.
        sms_sender, voice_sender: empty for no SMS, no calls.
        owners: of what judges a change, as CODEOWNERS has them: `@company/login`.
        package, sandbox: the wheels and their hashes; the second for previews without credentials.
    """

    name: str
    stacks: tuple[StackAnswer, ...]
    experience: str
    cpaas_host: str
    sms_sender: str
    voice_sender: str
    owners: str
    package: Package
    sandbox: Package

    @property
    def methods(self) -> list[str]:
        senders = {"text": self.sms_sender, "voice": self.voice_sender}
        return [method for method, sender in senders.items() if sender]

    def check(self) -> None:
        """Raise a `RefusedError` that names every fault, where there is one."""
        if faults := [*self._faults()]:
            raise RefusedError("\n".join(faults))

    def _faults(self) -> Iterator[str]:
        if not _NAME.fullmatch(self.name):
            yield (
                f"name {self.name!r}: name the folder with 2 to 63 lower-case letters, digits and "
                "hyphens, a letter first."
            )
        if not _OWNERS.fullmatch(self.owners):
            yield f"owners {self.owners!r}: write them as @company/team or @person."
        for one in self.stacks:
            if not _STACK.fullmatch(one.name):
                yield (
                    f"stack {one.name!r}: use up to 40 lower-case letters, digits and hyphens, no "
                    "hyphen first."
                )
            if not _DOMAIN.fullmatch(one.tenant):
                yield (
                    f"tenant {one.tenant!r} of {one.name}: give its domain, such as "
                    "example.jp.auth0.com, not an address."
                )
        for what in ("name", "tenant"):
            for value, times in Counter(getattr(one, what) for one in self.stacks).items():
                if times > 1:
                    yield f"{value}: named twice; each stack has a name and a tenant of its own."
        if not any(one.production for one in self.stacks):
            yield "no stack is production: name the one that users depend on."
        values: dict[str, Any] = {
            "experience": self.experience,
            "deliveryMethods": self.methods,
            "policy": "never",
            "cpaasBaseHost": self.cpaas_host,
        }
        senders = {"smsSender": self.sms_sender, "voiceSender": self.voice_sender}
        values |= {key: sender for key, sender in senders.items() if sender}
        try:
            StackSettings.check("every stack", values)
        except SettingsError as error:
            yield from map(str, error.faults)


def stacks_of(named: Sequence[str], production: Sequence[str]) -> tuple[StackAnswer, ...]:
    """Stacks from `NAME=TENANT`; a `RefusedError` names each that is written otherwise."""
    pairs = [one.partition("=") for one in named]
    faults = [
        f"--stack {name}{sign}: write NAME=TENANT, such as dev=dev.jp.auth0.com."
        for name, sign, tenant in pairs
        if not tenant
    ]
    unknown = sorted(set(production) - {name for name, *_ in pairs})
    faults += [f"--production {one}: no --stack has this name." for one in unknown]
    if faults:
        raise RefusedError("\n".join(faults))
    return tuple(
        StackAnswer(name=name, tenant=bare(tenant).lower(), production=name in production)
        for name, _, tenant in pairs
    )


def files_of(answers: Answers) -> Mapping[str, str]:
    """Every file by its path."""
    # GitHub's expressions have double braces, and Bash has braces with a number sign.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        variable_start_string="{=",
        variable_end_string="=}",
        comment_start_string="{=#",
        comment_end_string="#=}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no page: every answer was checked for its characters
    )
    values: dict[str, Any] = {
        **vars(answers),
        "methods": answers.methods,
        "names": [one.name for one in answers.stacks],
    }
    found = {}
    for file in sorted(TEMPLATE.rglob("*.j2")):
        name = file.relative_to(TEMPLATE).as_posix()
        template = environment.get_template(name)
        if name == "steps.j2":  # What the workflows share; no file of a repository.
            continue
        if name == "Pulumi.STACK.yaml.j2":
            for stack in answers.stacks:
                path = name.replace("STACK", stack.name).removesuffix(".j2")
                found[path] = template.render(values, stack=stack)
        else:
            found[name.removesuffix(".j2")] = template.render(values)
    return found


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a repository into a folder that is not there or empty but for `.git`.

    `RefusedError` where it is not; `FileNotWrittenError` where a file could not be written.
    """
    there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    if set(there) - {".git"}:
        raise RefusedError(
            f"{folder} is not empty (it has {', '.join(sorted(there)[:3])}): name a new folder."
        )
    for path, text in files.items():
        write_whole(folder / path, text)
        if path.startswith("ci/") and path != "ci/environment.sh":
            os.chmod(folder / path, 0o755)  # noqa: PTH101, S103 - programs that anybody may run
