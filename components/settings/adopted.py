"""The `adopted` setting: a tenant as it was found, until the stack's own parts take over.

`phonemfa adopt` writes it. It describes what this package would never configure by itself (another
Action, Twilio, a factor that is off), exactly enough for `pulumi preview` to find nothing to
change. Removing it is the reviewed step to the package's own parts. It holds no secret: no API
gives those away. What is declared of it: `components/tenant`.
"""

from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from components.settings.faults import rule_broken
from components.settings.values import Strict
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


class Adopted(Strict):
    """Everything that was found, by the resource that declares it; what is None was not there."""

    phone: FoundPhone
    action: FoundAction | None = None
    provider: FoundProvider | None = None
    templates: dict[MessageType, FoundTemplate] = Field(default_factory=dict)
