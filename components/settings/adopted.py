"""A tenant as it was found: what a stack declares until its own parts take over.

Owns the `adopted` setting, which `phonemfa adopt` writes, and how what is in it is declared. The
block describes what this package would never configure by itself (another Action, Twilio, a
factor that is off), exactly enough for `pulumi preview` to find nothing to change. Removing the
block is the reviewed step to the package's own parts. Refuses to read a tenant, and every secret:
no API gives those away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

import pulumi
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components.resources.delivery import Provider, Template
from components.resources.factor import LegacyTexts, Phone
from components.resources.sender import SenderArgs
from components.settings.faults import rule_broken
from components.settings.strict import Strict
from components.settings.texts import Override
from components.vocabulary import DeliveryMethod, MessageType

NOTICE: Final = (
    "phonemfa:adopted is set: Action, phone provider, templates and phone factor are declared as "
    "they were found. Remove it to declare this package's own (docs/guides/adopt.md)."
)


def _below_the_project(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or parts.suffix != ".js":
        raise rule_broken(
            "The code of the Action must be in the project, where it is reviewed.",
            "give the path of a .js file below the folder with Pulumi.yaml",
        )
    return path


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is declared of a tenant as it was found; what is None or empty was not there."""

    sender: SenderArgs | None
    provider: Provider | None
    templates: Mapping[MessageType, Template]
    phone: Phone


class FoundAction(Strict):
    """An Action of somebody else's making. Its secrets are not declared, and so not touched."""

    name: str
    code: Annotated[str, AfterValidator(_below_the_project)]
    """Path of its code below the project."""
    runtime: str
    trigger_version: str
    dependencies: tuple[str, ...] = ()
    """npm packages, each as name@version."""
    binding: str | None = None
    """Display name of its binding; None when it is not bound."""

    def declared(self, trigger: str, project: Path) -> SenderArgs:
        """The Action as `Sender` takes it: never deployed by a stack that did not write it."""
        return SenderArgs(
            action_name=self.name,
            trigger=trigger,
            trigger_version=self.trigger_version,
            code=self.source(project),
            runtime=self.runtime,
            dependencies=[_named_version(one) for one in self.dependencies],
            deploy=False,
            bind=self.binding is not None,
            display_name=self.binding,
        )

    def source(self, project: Path) -> str:
        """Its code, character by character.

        Args:
            project: the folder with Pulumi.yaml, where the path starts.

        Raises:
            pulumi.RunError: there is no such file, or it is not UTF-8.
        """
        try:
            return (project / self.code).read_bytes().decode("utf-8")
        except FileNotFoundError:
            why = "not there"
        except UnicodeDecodeError:
            why = "not UTF-8, as an Action's code is"
        raise pulumi.RunError(
            f"phonemfa:adopted.action.code names {self.code}, which is {why}. Fix: bring the file "
            "back, or run phonemfa adopt again."
        )


class FoundProvider(Strict):
    """The phone provider of a unified tenant, without its credentials."""

    name: Literal["custom", "twilio"]
    delivery_methods: tuple[DeliveryMethod, ...]
    disabled: bool = False
    default_from: str | None = None
    mssid: str | None = None
    sid: str | None = None

    @field_validator("mssid")
    @classmethod
    def _one_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("default_from"):
            raise rule_broken(
                "The auth0 provider refuses defaultFrom and mssid together.",
                "remove adopted.provider: the tenant's stays as it is until this stack takes over",
            )
        return value

    @field_validator("sid")
    @classmethod
    def _senders_have_an_account(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not value and (info.data.get("default_from") or info.data.get("mssid")):
            raise rule_broken(
                "The auth0 provider refuses defaultFrom and mssid without sid.",
                "add the sid of the Twilio account",
            )
        return value

    def declared(self) -> Provider:
        """The provider as `Delivery` takes it."""
        return Provider(
            name=self.name,
            delivery_methods=[method.value for method in self.delivery_methods],
            disabled=self.disabled,
            default_from=self.default_from,
            mssid=self.mssid,
            sid=self.sid,
        )


class FoundTemplate(Strict):
    """A template of one message type; its texts are here only where `texts` cannot have them."""

    disabled: bool = False
    sender: Annotated[str | None, Field(alias="from")] = None
    text: str | None = None
    voice: str | None = None


class FoundPhone(Strict):
    """The phone factor. `provider` and the messages are a legacy tenant's."""

    enabled: bool
    message_types: tuple[Literal["sms", "voice"], ...] = ()
    provider: Literal["auth0", "twilio", "phone-message-hook"] | None = None
    enrollment_message: str | None = None
    verification_message: str | None = None

    def declared(self, texts: Mapping[MessageType, Override]) -> Phone:
        """The factor as `Factor` takes it, with the texts of the config where it has none."""
        return Phone(
            enabled=self.enabled,
            message_types=self.message_types,
            provider=self.provider,
            texts=self._texts(texts) if self.provider in {"auth0", "phone-message-hook"} else None,
        )

    def _texts(self, texts: Mapping[MessageType, Override]) -> LegacyTexts | None:
        enrollment = self.enrollment_message or _text(texts, MessageType.OTP_ENROLL)
        verification = self.verification_message or _text(texts, MessageType.OTP_VERIFY)
        if enrollment is None or verification is None:
            return None
        return LegacyTexts(enrollment=enrollment, verification=verification)


class Adopted(Strict):
    """Everything that was found, by the resource that declares it; what is None was not there."""

    phone: FoundPhone
    action: FoundAction | None = None
    provider: FoundProvider | None = None
    templates: dict[MessageType, FoundTemplate] = Field(default_factory=dict)

    def declared(self, trigger: str, texts: Mapping[MessageType, Override], project: Path) -> Found:
        """What a stack declares of it.

        Args:
            trigger: of the Action, by the tenant's generation.
            texts: those of the config, which stand where the block has none.
            project: the folder with Pulumi.yaml, where the Action's code is.

        Raises:
            pulumi.RunError: the Action's code is not where the block says.
        """
        return Found(
            sender=self.action.declared(trigger, project) if self.action else None,
            provider=self.provider.declared() if self.provider else None,
            templates=self._templates(texts),
            phone=self.phone.declared(texts),
        )

    def _templates(self, texts: Mapping[MessageType, Override]) -> dict[MessageType, Template]:
        return {
            kind: Template(
                text=found.text or _text(texts, kind),
                voice=found.voice or _voice(texts, kind),
                sender=found.sender,
                disabled=found.disabled,
            )
            for kind, found in self.templates.items()
        }


def _named_version(dependency: str) -> tuple[str, str]:
    name, _, version = dependency.rpartition("@")
    return name, version


def _text(texts: Mapping[MessageType, Override], kind: MessageType) -> str | None:
    return texts[kind].text if kind in texts else None


def _voice(texts: Mapping[MessageType, Override], kind: MessageType) -> str | None:
    return texts[kind].voice if kind in texts else None
