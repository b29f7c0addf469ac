"""The config of one stack, checked as a whole before anything is declared.

Each setting stands here once: what it may be, alone and beside the others, how an editor explains
it, and what a reviewer calls it. None is a secret.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self

from pydantic import Field, TypeAdapter, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from components.settings.adopted import Adopted
from components.settings.faults import Fault, SettingsError, faults_of, rule_broken
from components.settings.message_size import SAMPLE
from components.settings.raw_config import NAMESPACE, shape_faults
from components.settings.text_rules import text_faults
from components.settings.texts import SHIPPED, TextOverride, Texts, decides_by_channel, texts_for
from components.settings.values import (
    NO_SWITCH,
    CountryPrefix,
    Host,
    Inactivity,
    Lifetime,
    LoginHost,
    Number,
    Overall,
    SmsSender,
    Strict,
    TestNumber,
    VoiceSender,
    in_words,
    plainly,
    seconds,
)
from components.vocabulary import (
    ASKED,
    CHANNEL_NAMES,
    LEGACY_MESSAGE_TYPES,
    DeliveryMethod,
    Experience,
    Gate,
    Language,
    MessageType,
    Policy,
    TextContent,
    VoiceGender,
)


@dataclass(frozen=True)
class Words:
    """What a setting is called, and what changing it means for users or operators.

    A sentence may be made of the value, which is what the stack's file has. With `as_one`, the
    value is a block with members, and its sentences tell them together.
    """

    subject: str
    meaning: str | Callable[[Any], str] = ""
    value: Callable[[Any], str] | None = None
    as_one: bool = False

    def fit(self, value: Any) -> bool:
        """Whether a value is one that the sentences are made for: a preview may have any."""
        return not self.as_one or isinstance(value, Mapping)


class OtherFactors(Strict):
    """The other MFA factors: on, off, or (not named) left as the tenant has them."""

    email: bool | None = None
    otp: bool | None = None
    recovery_code: bool | None = None
    webauthn_roaming: bool | None = None
    webauthn_platform: bool | None = None
    duo: bool | None = None
    push: bool | None = None


class RememberBrowser(Strict):
    """Whether a browser that passed MFA is asked again; what is left out has Auth0's default.

    The times are of inactivity, and overall.
    """

    shown: bool = True
    ticked: bool = False
    inactivity: Inactivity = "7d"
    overall: Overall = "30d"

    @field_validator("ticked")
    @classmethod
    def _a_box_is_there_to_tick(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("shown") is False:
            raise rule_broken(
                "A checkbox that is not shown cannot be ticked: what Auth0 makes of it is not "
                "documented, and could be that every browser is remembered.",
                f"set {NAMESPACE}:rememberBrowser.ticked to false, or shown to true",
            )
        return value

    @field_validator("overall")
    @classmethod
    def _inactivity_ends_first(cls, value: str, info: ValidationInfo) -> str:
        inactivity = info.data.get("inactivity")
        if inactivity and seconds(inactivity) > seconds(value):
            raise rule_broken(
                f"The tenant refuses it: it is less than the inactivity of {inactivity}.",
                f"set {NAMESPACE}:rememberBrowser.inactivity to {value} or less",
            )
        return value


def _remembering(block: Mapping[str, Any]) -> str:
    if block.get("shown") is False:
        return "checkbox not shown"
    ticked = "ticked at first" if block.get("ticked") else "not ticked at first"
    times = [in_words(str(block.get(key))) for key in ("inactivity", "overall")]
    return f"checkbox shown, {ticked}; {times[0]} of inactivity, {times[1]} overall"


def _asked_again(block: Mapping[str, Any]) -> str:
    if block.get("shown") is False:
        return "no browser is remembered: the policy holds at every login"
    ticks = "whoever does not untick the box" if block.get("ticked") else "whoever ticks it"
    return (
        f"asked again after at most {in_words(str(block.get('overall')))} on a remembered "
        f"browser, or after {in_words(str(block.get('inactivity')))} without a login there; "
        f"{ticks} has it remembered"
    )


class OneTimeCode(Strict):
    """What the codes of the phone factor look like; what is left out has Auth0's default."""

    length: Number = Field(default=6, ge=4, le=10)
    lifetime: Lifetime = "5m"


def _code(block: Mapping[str, Any]) -> str:
    return f"{block.get('length')} characters, valid for {in_words(str(block.get('lifetime')))}"


def _channels(methods: Any) -> str:
    if not isinstance(methods, list):
        return plainly(methods)
    return plainly([CHANNEL_NAMES.get(str(one), one) for one in methods])


def _level(usual: int, least: int, most: int, description: str) -> Any:
    return Field(usual, ge=least, le=most, description=description)


class HealthLevels(Strict):
    """From which figures on `phonemfa health` finds fault in a tenant.

    Each is passed only where chance is no explanation. The defaults were fixed before they were
    tried on any traffic (docs/decisions/health.md).
    """

    minimum: Number = _level(6, 1, 999, "how many there must be before anything is judged")
    success_percent: Number = _level(90, 1, 99, "of a channel's messages, that are handed over")
    completion_percent: Number = _level(
        50, 1, 99, "of a channel's messages, after which a user passes"
    )
    surge_factor: Number = _level(3, 2, 99, "how many times as often as before a reason may occur")
    messages_per_number: Number = _level(8, 2, 99, "to one number within an hour")
    numbers_in_sequence: Number = _level(10, 3, 999, "new numbers in a block of a thousand")
    silent_hours: Number = _level(2, 1, 99, "without a message while there are logins")


class StackSettings(Strict):
    """What one environment wants of its tenant's phone MFA. Keys in YAML are camelCase.

    The order of the fields matters: a rule over two settings is a validator of the later one,
    so that all faults are reported together.
    """

    experience: Annotated[
        Experience,
        Field(description="the tenant's generation: unified (since July 2025) or legacy"),
        Words("phone experience", "another trigger, another Action and other texts send the codes"),
    ]
    delivery_methods: Annotated[
        frozenset[DeliveryMethod],
        Field(min_length=1, description='channels offered to users: ["text"], ["voice"] or both'),
        Words("channels", "users can pick no other", value=_channels),
    ]
    policy: Annotated[
        Policy,
        Field(description="when a second factor is asked for: always, adaptive or never"),
        Words("policy", lambda value: ASKED.get(str(value), "")),
    ]
    adopted: Annotated[
        Adopted | None,
        Field(description="the tenant as phonemfa adopt found it, until this stack takes over"),
        Words(
            "tenant declared as it was found",
            "until it is not, the Action is somebody else's",
            # The whole block is long, and the reviewed step is that it goes.
            value=lambda block: "yes" if block else "no",
        ),
    ] = None
    cpaas_base_host: Annotated[
        Host | None,
        Field(description="host of the NTT CPaaS account, such as abc123.api.infobip.com"),
        Words("CPaaS host", "with a key of another account nothing is sent"),
    ] = None
    sms_sender: Annotated[
        SmsSender | None,
        Field(description="sender of SMS: 3 to 11 letters and digits, or 3 to 15 digits"),
        Words("SMS sender", "carriers refuse a sender that is not registered with them"),
    ] = None
    voice_sender: Annotated[
        VoiceSender | None,
        Field(description="caller ID in E.164, such as +815012345678"),
        Words(
            "caller ID of voice calls",
            "calls from a number that the account does not have are refused",
        ),
    ] = None
    voice_gender: Annotated[
        VoiceGender, Field(description="whose voice reads the code: female or male"), Words("voice")
    ] = VoiceGender.FEMALE
    ring_timeout: Annotated[
        int,
        Field(ge=5, le=60, description="seconds a call may ring, 5 to 60 (voicemail: from 15)"),
        NO_SWITCH,
        Words(
            "seconds a call may ring",
            "too few end before somebody picks up; from 15 on voicemail may take the call",
        ),
    ] = 14
    machine_detection: Annotated[
        bool,
        Field(description="hang up on voicemail, at the CPaaS's extra charge: true or false"),
        Words("hanging up on voicemail", "the CPaaS charges extra for each call with it"),
    ] = False
    language: Annotated[
        Language,
        Field(
            description="language of the shipped texts, and of calls whose login names none: "
            "ja or en"
        ),
        Words("language of the shipped texts, and of calls whose login names none"),
    ] = Language.JAPANESE
    message_types: Annotated[
        frozenset[MessageType],
        Field(description="message types that are sent; the Action drops the others"),
        Words("message types that are sent", "the Action drops the others"),
    ] = frozenset({MessageType.OTP_ENROLL, MessageType.OTP_VERIFY, MessageType.CHANGE_PASSWORD})
    texts: Annotated[
        dict[MessageType, TextOverride],
        Field(description="Liquid texts instead of the shipped ones: {otp_verify: {text, voice}}"),
        Words("own text"),
    ] = Field(default_factory=dict)
    text_files: Annotated[
        str | None,
        Field(
            min_length=1,
            description="folder of the project with texts as files, such as texts: "
            "otp_verify.text.liquid, otp_verify.voice.liquid",
        ),
    ] = None
    allowed_in_texts: Annotated[
        frozenset[TextContent],
        Field(
            description="what texts may have although others decide it, such as [user] or [links]"
        ),
        Words(
            "what others write and texts may have",
            "a user's or a stranger's words, or a link, go out under the company's name",
        ),
    ] = frozenset()
    allowed_prefixes: Annotated[
        tuple[CountryPrefix, ...],
        Field(
            min_length=1,
            description='prefixes that are sent to, a country or a part of it: ["+81"], ["+1808"]',
        ),
        Words(
            "country prefixes that are sent to",
            "numbers under others get no code; codes to each of these may be asked for by "
            "anybody, and are paid for",
        ),
    ] = ("+81",)
    deduplicate: Annotated[
        bool,
        Field(description="suppress a repeated message by a keyed id: true or false"),
        Words("suppression of repeated messages"),
    ] = False
    origin_bound_code: Annotated[
        LoginHost | None,
        Field(description="host of the login pages, for an SMS's line that browsers fill in"),
        Words(
            "host of the autofill line",
            "browsers fill a code in on the login pages of this host alone",
        ),
    ] = None
    recipient_limit: Annotated[
        int,
        Field(ge=0, le=99, description="messages per number and hour, 0 to 99 (0: no limit)"),
        NO_SWITCH,
        Words(
            "messages per number and hour",
            "too few leave users without a code, each more may have to be paid for; 0 is no limit",
        ),
    ] = 10
    voice_limit: Annotated[
        int | None,
        Field(
            ge=0,
            le=99,
            description="calls among them, 0 to 99 (0: no limit of their own; not set: half of "
            "recipientLimit)",
        ),
        NO_SWITCH,
        Words(
            "calls per number and hour",
            "too few leave users of calls without a code; 0 is no limit of their own, and unset "
            "is half of recipientLimit",
        ),
    ] = None
    tenant_limit: Annotated[
        int,
        Field(
            ge=0,
            le=99_999,
            description="messages of the tenant per hour, codes of logins not counted, 0 to 99999 "
            "(0: no limit)",
        ),
        NO_SWITCH,
        Words(
            "messages of the tenant per hour",
            "beyond it nothing but codes of logins is sent; 0 is no limit",
        ),
    ] = 0
    other_factors: Annotated[
        OtherFactors,
        Field(description="other MFA factors to switch on or off; the rest stay as they are"),
        Words("other factor"),
    ] = OtherFactors()
    remember_browser: Annotated[
        RememberBrowser | None,
        Field(
            description="how long a browser is not asked again, such as {shown: true, ticked: "
            "false, inactivity: 7d, overall: 30d}; not set: as the tenant has it"
        ),
        Words("remembering of browsers", _asked_again, _remembering, as_one=True),
    ] = None
    one_time_code: Annotated[
        OneTimeCode | None,
        Field(
            description="codes of logins by phone, such as {length: 6, lifetime: 5m}; not set: as "
            "the tenant has it"
        ),
        Words(
            "codes of logins",
            "the shipped texts say the lifetime; guessing a shorter code takes fewer tries",
            _code,
            as_one=True,
        ),
    ] = None
    retired_secrets: Annotated[
        tuple[str, ...],
        Field(description="names of secrets of the Action that may go, such as [TWILIO_TOKEN]"),
        Words("retired secrets", "they lose their value now, and can go afterwards"),
    ] = ()
    action_name: Annotated[
        str,
        Field(min_length=1, max_length=255, description="name of the Action in the tenant"),
        Words("the Action's name"),
    ] = "ntt-cpaas-phone"
    bind_action: Annotated[
        bool | None,
        Field(description="bind the unified Action to its trigger: true or false"),
        Words("binding of the Action", "Auth0 runs a bound Action at its trigger"),
    ] = None
    transition: Annotated[
        bool,
        Field(description="keep both experiences ready while moving the tenant: true or false"),
        Words("transition between the experiences", "while it is on, both have a sender"),
    ] = False
    test_numbers: Annotated[
        tuple[TestNumber, ...],
        Field(description='numbers that test messages may go to, such as ["+819012345678"]'),
    ] = ()
    gate: Annotated[
        Gate,
        Field(description="what must hold before users are asked for codes: ready, smoke or off"),
        Words(
            "check before users are asked for codes",
            "what has to hold before the policy is written",
        ),
    ] = Gate.READY
    health: Annotated[
        HealthLevels, Field(description="levels of phonemfa health, such as {successPercent: 95}")
    ] = HealthLevels()
    protect: Annotated[
        bool,
        Field(description="refuse to delete or replace the resources: true or false"),
        Words(
            "protection against deletion",
            "without it a slip in a change can delete what logins need",
        ),
    ] = False

    @property
    def experiences(self) -> list[Experience]:
        """Those that have a sender: both while the tenant moves."""
        return list(Experience) if self.transition else [self.experience]

    def plain(self) -> dict[str, Any]:
        """The settings by the keys of the stack's file, in force or by default, as plain JSON.

        The test numbers are left out: they are people's own, and a state keeps what it is told. So
        are the levels of health, which change nothing in a tenant.
        """
        told = self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"test_numbers", "health"}
        )
        for name, field in type(self).model_fields.items():
            key, value = field.alias or name, getattr(self, name)
            if value is None:  # Told too: a record without a key is of a version without it.
                told[key] = None
            elif isinstance(value, frozenset):  # Without order, its dump has another each time.
                told[key].sort()
        return told

    @classmethod
    def of_plain(cls, plain: Any) -> Self:
        """What `plain` told, but for the test numbers; a `ValueError` for what it does not tell."""
        if not isinstance(plain, Mapping):
            raise ValueError("plain settings are a mapping")  # noqa: TRY004 - as pydantic says it
        told = dict(plain)
        # The gate that sends to the numbers would be refused without them.
        gate = Gate(told.pop("gate", Gate.READY))
        return cls.model_validate(told).model_copy(update={"gate": gate})

    @property
    def code_lifetime(self) -> int:
        """Seconds that a login's code is good for; Auth0's default where the stack does not say."""
        return seconds((self.one_time_code or OneTimeCode()).lifetime)

    @property
    def declared_texts(self) -> dict[MessageType, Texts]:
        """The texts that the tenant gets, of each message type that has one."""
        sent = self.message_types
        if Experience.UNIFIED not in self.experiences:
            sent &= frozenset(LEGACY_MESSAGE_TYPES)
        return texts_for(self.language, sent, self.texts, self.code_lifetime)

    @property
    def calls_per_number(self) -> int:
        """Calls to one number in an hour; 0 for no limit of their own."""
        return -(-self.recipient_limit // 2) if self.voice_limit is None else self.voice_limit

    @field_validator("cpaas_base_host")
    @classmethod
    def _our_action_needs_a_host(cls, value: str | None, info: ValidationInfo) -> str | None:
        if _without(value, info):
            raise rule_broken(
                "It is required: the tenant cannot be declared without it.",
                f"set {NAMESPACE}:cpaasBaseHost to the "
                f"{cls.model_fields['cpaas_base_host'].description}",
            )
        return value

    @field_validator("sms_sender", "voice_sender")
    @classmethod
    def _a_channel_needs_a_sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        channel, lost, setting = _SENDERS[str(info.field_name)]
        if _without(value, info) and channel in info.data.get("delivery_methods", ()):
            raise rule_broken(
                f"deliveryMethods has {channel}, and {lost} is refused.",
                f"pulumi config set {NAMESPACE}:{setting}, or take {channel} out of "
                "deliveryMethods",
            )
        return value

    @field_validator("message_types")
    @classmethod
    def _codes_are_sent(cls, value: frozenset[MessageType]) -> frozenset[MessageType]:
        missing = sorted({MessageType.OTP_ENROLL, MessageType.OTP_VERIFY} - value)
        if missing:
            raise rule_broken(
                f"Without {' and '.join(missing)} nobody can use the phone as a factor.",
                f"add {' and '.join(missing)} to messageTypes",
            )
        return value

    @field_validator("texts")
    @classmethod
    def _texts_are_used(
        cls, value: dict[MessageType, TextOverride], info: ValidationInfo
    ) -> dict[MessageType, TextOverride]:
        broken = list(_broken_texts(value, info.data))
        if broken:
            raise rule_broken(
                " ".join(consequence for consequence, _ in broken),
                "; ".join(dict.fromkeys(fix for _, fix in broken)),
            )
        return value

    @field_validator("voice_limit")
    @classmethod
    def _calls_reach_their_limit_first(cls, value: int | None, info: ValidationInfo) -> int | None:
        messages = info.data.get("recipient_limit")
        if value and messages and value > messages:
            raise rule_broken(
                "It is never reached: recipientLimit counts calls too, and is lower.",
                f"pulumi config set {NAMESPACE}:voiceLimit {messages}, or less",
            )
        return value

    @field_validator("bind_action")
    @classmethod
    def _legacy_runs_bound_actions_only(
        cls, value: bool | None, info: ValidationInfo
    ) -> bool | None:
        if value is False and info.data.get("experience") is Experience.LEGACY:
            raise rule_broken(
                "A legacy tenant runs only Actions that are bound to send-phone-message: no code "
                "would be sent.",
                f"pulumi config rm {NAMESPACE}:bindAction",
            )
        return value

    @field_validator("transition")
    @classmethod
    def _what_was_found_stays_where_it_is(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("adopted"):
            raise rule_broken(
                "A tenant that is declared as it was found cannot be moved.",
                f"take over first: pulumi config rm {NAMESPACE}:adopted (docs/guides/adopt.md)",
            )
        return value

    @field_validator("test_numbers")
    @classmethod
    def _test_numbers_are_sent_to(
        cls, value: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        # Where a sender was adopted, its own code says whom it sends to.
        allowed: tuple[str, ...] = info.data.get("allowed_prefixes", ("+",))
        outside = [one for one in value if not one.startswith(allowed)]
        if outside and not info.data.get("adopted", _BROKEN):
            raise rule_broken(
                f"allowedPrefixes ({', '.join(allowed)}) does not have {', '.join(outside)}: the "
                "Action would drop every test message.",
                "use a number under an allowed prefix, or add its country to allowedPrefixes",
            )
        return value

    @field_validator("gate")
    @classmethod
    def _a_test_message_can_be_sent(cls, value: Gate, info: ValidationInfo) -> Gate:
        if value is not Gate.SMOKE:
            return value
        if info.data.get("experience") is Experience.LEGACY:
            raise rule_broken(
                "A legacy tenant has no route that sends a test message through its Action.",
                f"pulumi config set {NAMESPACE}:gate ready",
            )
        if not info.data.get("test_numbers", ("unknown",)):
            raise rule_broken(
                "There is no number that a test message may go to.",
                f"set {NAMESPACE}:testNumbers to a handset of your own",
            )
        return value

    @classmethod
    def check(
        cls, stack: str, values: Mapping[str, Any], *, faults: list[Fault] | None = None
    ) -> Self:
        """Settings from decoded values without the CPaaS key; or all faults, a `SettingsError`."""
        found = list(faults or [])
        misshapen = shape_faults(values)
        found += misshapen.values()
        told = {fault.key for fault in found}
        values = {key: value for key, value in values.items() if key not in misshapen}
        only_legacy = values.get("experience") == Experience.LEGACY and not values.get("transition")
        allowed = values.get("allowedInTexts")
        found += text_faults(
            _well_formed_texts(values),
            legacy=only_legacy,
            allowed=allowed if isinstance(allowed, list) else (),
            origin=str(values.get("originBoundCode") or ""),
        )
        settings: Self | None = None
        try:
            settings = cls.model_validate(dict(values))
        except ValidationError as error:
            hints = {
                key: f"set {NAMESPACE}:{key} to {field.description}"
                for key, field in fields_by_key().items()
            }
            rest = faults_of(error, namespace=NAMESPACE, hints=hints)
            found += [fault for fault in rest if fault.key not in told]
        if found or settings is None:
            raise SettingsError(stack, found)
        return settings


_BROKEN: Final = object()
_SENDERS: Final = {
    "sms_sender": (DeliveryMethod.TEXT, "an SMS without a registered sender", "smsSender <sender>"),
    "voice_sender": (
        DeliveryMethod.VOICE,
        "a call without a caller ID",
        "voiceSender <E.164 number>",
    ),
}


def _without(value: str | None, info: ValidationInfo) -> bool:
    # An adopted Action brings its own host and senders along, in its code or its secrets.
    # Where that block has a fault of its own, it is not in the data at all.
    return value is None and info.data.get("adopted", _BROKEN) is None


def _well_formed_texts(values: Mapping[str, Any]) -> dict[MessageType, TextOverride]:
    # Apart from the model, so that what is wrong inside a text is told beside all other faults.
    try:
        return TypeAdapter(dict[MessageType, TextOverride]).validate_python(values.get("texts", {}))
    except ValidationError:
        return {}


def _broken_texts(
    texts: Mapping[MessageType, TextOverride], before: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """(consequence, fix) of every text that would never be sent."""
    is_legacy = before.get("experience") is Experience.LEGACY
    for kind, override in texts.items():
        if kind not in SHIPPED and not (override.text and override.voice):
            yield (
                f"The package ships no text for {kind}: one of two is not enough.",
                f"give both texts.{kind}.text and texts.{kind}.voice",
            )
        if is_legacy and kind not in LEGACY_MESSAGE_TYPES:
            yield (
                f"texts.{kind} is never used: legacy tenants only enrol and verify by phone.",
                f"remove texts.{kind}",
            )
        elif is_legacy and override.voice and decides_by_channel(override.text or ""):
            yield (
                f"texts.{kind}.voice is never used: by message_type, the other one has a call's.",
                f"remove texts.{kind}.voice, or message_type from texts.{kind}.text",
            )
        elif kind not in before.get("message_types", (kind,)):
            yield (
                f"texts.{kind} is never used: the type is not in messageTypes.",
                f"add {kind} to messageTypes, or remove its texts",
            )


def sample_of(
    plain: Mapping[str, Any], friendly_name: str = "", custom_domain: str = ""
) -> Mapping[str, Any]:
    """Values for counting texts, with what plain settings and the arguments say of them."""
    code = plain.get("oneTimeCode")
    length = code.get("length") if isinstance(code, Mapping) else None
    digits = length if isinstance(length, int) else OneTimeCode().length
    names = {"friendly_name": friendly_name, "custom_domain": custom_domain}
    known = {key: name for key, name in names.items() if name}
    return {**SAMPLE, "code": "1234567890"[:digits], **known}


def fields_by_key() -> dict[str, FieldInfo]:
    """Each setting by its key in the stack's file."""
    fields = StackSettings.model_fields
    return {field.alias or name: field for name, field in fields.items()}
