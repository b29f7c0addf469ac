"""Why a message was not sent: the Action's own reasons, what each means, and what to do.

The one table of them, in English and Japanese, for the health of a tenant and for
docs/reference/reasons.md and reasons.ja.md. A reason of another sender's code matches none of
these, and is not shown: nobody knows what is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Language = Literal["en", "ja"]


@dataclass(frozen=True, kw_only=True)
class Words:
    """The same in English and Japanese."""

    en: str
    ja: str

    def said(self, language: Language) -> str:
        """In this language."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason, or several that mean the same.

    Attributes:
        id: stable, for machines.
        text: as the log has it, with an ellipsis where it varies.
        pattern: finds it in what the log says.
        retried: Auth0 repeats the message, up to five times; else it is given up.
        alarm: it concerns every message, not one.
        wanted: the stack's own settings refuse such a message: no fault of its sending.
        meaning, action: what it says, and what to do.
    """

    id: str
    text: str
    pattern: str
    retried: bool = False
    alarm: bool = False
    wanted: bool = False
    meaning: Words
    action: Words


REASONS: Final = (
    Reason(
        id="maybe-sent",
        text="…: the message may have been sent",
        pattern=r"the message may have been sent",
        meaning=Words(
            en="The CPaaS answered 5xx, not within 8 s, or not in a form that says yes or no. The "
            "message is not repeated: a second code locks out more people than a missing one.",
            ja="CPaaSが5xxを返した、8秒以内に応答しなかった、または応答の意味が不明。二通目の"
            "コードは混乱を招くため、再送しない。",
        ),
        action=Words(
            en="If it stays: ask NTT CPaaS.",
            ja="続く場合はNTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="host-not-reached",
        text="CPaaS host not reached",
        pattern=r"CPaaS host not reached",
        retried=True,
        meaning=Words(
            en="Name not found, connection refused, or no answer to it, twice.",
            ja="名前解決できない、接続を拒否された、または接続の応答がない(2回)。",
        ),
        action=Words(
            en="If it stays: check cpaasBaseHost, then ask NTT CPaaS.",
            ja="続く場合はcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="no-secure-connection",
        text="no secure connection to the CPaaS host",
        pattern=r"no secure connection to the CPaaS host",
        retried=True,
        meaning=Words(
            en="Something answers there, but its TLS does not come up, twice.",
            ja="応答はあるがTLSが確立しない(2回)。",
        ),
        action=Words(
            en="If it stays: check cpaasBaseHost, then ask NTT CPaaS.",
            ja="続く場合はcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="rate-limited",
        text="CPaaS limits the rate: HTTP 429",
        pattern=r"CPaaS limits the rate",
        retried=True,
        meaning=Words(
            en="More messages a second than the account may send.",
            ja="アカウントの送信レートを超えた。",
        ),
        action=Words(
            en="If it stays: ask NTT CPaaS for a higher rate.",
            ja="続く場合はNTT CPaaSに上限の引き上げを相談する。",
        ),
    ),
    Reason(
        id="system-error",
        text="CPaaS refused: SYSTEM_ERROR",
        pattern=r"CPaaS refused: SYSTEM_ERROR",
        retried=True,
        meaning=Words(en="The CPaaS has a fault of its own.", ja="CPaaS側の障害。"),
        action=Words(en="If it stays: ask NTT CPaaS.", ja="続く場合はNTT CPaaSに問い合わせる。"),
    ),
    Reason(
        id="key-refused",
        text="CPaaS refused the request: HTTP 401 …, HTTP 403 …",
        pattern=r"CPaaS refused the request: HTTP 40[13]",
        alarm=True,
        meaning=Words(
            en="The API key, or its scopes, are not right: no message is sent.",
            ja="APIキーまたはスコープが正しくない。全メッセージが送信されない。",
        ),
        action=Words(
            en="Set a new key: python -m phonemfa rotate (docs/guides/rotate.md).",
            ja="新しいAPIキーを設定する: python -m phonemfa rotate(docs/guides/rotate.md)。",
        ),
    ),
    Reason(
        id="request-refused",
        text="CPaaS refused the request: HTTP …",
        pattern=r"CPaaS refused the request",
        meaning=Words(
            en="The CPaaS does not take the request as it is.",
            ja="CPaaSがリクエストを受け付けない。",
        ),
        action=Words(
            en="If it stays: check cpaasBaseHost (404), else please report it.",
            ja="続く場合はcpaasBaseHostを確認し(404)、それ以外は報告する。",
        ),
    ),
    Reason(
        id="sender-refused",
        text="CPaaS refused: REJECTED SENDER, SOURCE",
        pattern=r"CPaaS refused: REJECTED (?:SENDER|SOURCE)\b",
        alarm=True,
        meaning=Words(
            en="The sender is not registered with the account: no message of its channel is sent.",
            ja="送信者IDがアカウントに登録されていない。その配信方法では全く送信されない。",
        ),
        action=Words(
            en="Register the sender with NTT CPaaS, or set smsSender or voiceSender to such a one.",
            ja="NTT CPaaSに送信者IDを登録するか、smsSender・voiceSenderを登録済みのものにする。",
        ),
    ),
    Reason(
        id="account-refused",
        text="CPaaS refused: REJECTED NOT_ENOUGH_CREDITS, PREPAID_PACKAGE_EXPIRED, "
        "ROUTE_NOT_AVAILABLE, NETWORK",
        pattern=r"CPaaS refused: REJECTED (?:NOT_ENOUGH_CREDITS|PREPAID_PACKAGE_EXPIRED"
        r"|ROUTE_NOT_AVAILABLE|NETWORK)\b",
        alarm=True,
        meaning=Words(
            en="The account has no credit, or no route: it concerns every message.",
            ja="残高または経路がない。全メッセージに影響する。",
        ),
        action=Words(
            en="Ask NTT CPaaS about the account.",
            ja="アカウントについてNTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="message-refused",
        text="CPaaS refused: …",
        pattern=r"CPaaS refused: ",
        meaning=Words(
            en="It concerns this recipient or message, such as REJECTED DESTINATION, DND or "
            "FLOODING_FILTER.",
            ja="この宛先またはメッセージだけの問題(REJECTED DESTINATION、DND、"
            "FLOODING_FILTERなど)。",
        ),
        action=Words(
            en="Nothing for single ones; many: ask NTT CPaaS.",
            ja="単発なら対応不要。多い場合はNTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="certificate",
        text="CPaaS host failed the TLS check",
        pattern=r"CPaaS host failed the TLS check",
        alarm=True,
        meaning=Words(
            en="No key was sent; someone else answers at that host, or its certificate is bad.",
            ja="APIキーは送信していない。別の相手が応答しているか、証明書が不正。",
        ),
        action=Words(
            en="Check cpaasBaseHost at once, then ask NTT CPaaS.",
            ja="直ちにcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
        ),
    ),
    Reason(
        id="redirect",
        text="CPaaS answered with a redirect: check CPAAS_BASE_URL",
        pattern=r"CPaaS answered with a redirect",
        alarm=True,
        meaning=Words(en="The host is not the account's.", ja="ホストがアカウントのものではない。"),
        action=Words(en="Correct cpaasBaseHost.", ja="cpaasBaseHostを修正する。"),
    ),
    Reason(
        id="configuration",
        text="configuration: secret … is missing, is malformed",
        pattern=r"configuration: secret [A-Z_]+ is (?:missing|malformed)",
        alarm=True,
        meaning=Words(
            en="A secret of the Action is not right: no message is sent.",
            ja="Actionのシークレットが正しくない。全メッセージが送信されない。",
        ),
        action=Words(
            en="Correct the stack's settings and pulumi up; python -m phonemfa drift says who "
            "changed what.",
            ja="スタックの設定を直してpulumi upする。変更箇所はpython -m phonemfa driftで分かる。",
        ),
    ),
    Reason(
        id="delivery-method",
        text="unknown delivery method",
        pattern=r"unknown delivery method",
        meaning=Words(
            en="Auth0 asked for a channel that nobody knows.",
            ja="Auth0が未知の配信方法を指定した。",
        ),
        action=Words(en="Please report it.", ja="報告する。"),
    ),
    Reason(
        id="message-type",
        text="message type not enabled by MESSAGE_TYPES",
        pattern=r"message type not enabled by MESSAGE_TYPES",
        wanted=True,
        meaning=Words(
            en="A type of message that the stack does not send.",
            ja="スタックで送信しないメッセージ種別。",
        ),
        action=Words(
            en="Nothing, or add it to messageTypes.",
            ja="対応不要。送信する場合はmessageTypesに追加する。",
        ),
    ),
    Reason(
        id="not-e164",
        text="recipient is not an E.164 number with country prefix",
        pattern=r"recipient is not an E\.164 number",
        wanted=True,
        meaning=Words(
            en="A number without its country: guessing one sends codes to strangers.",
            ja="国番号のない番号。推測すると他人にコードが届く。",
        ),
        action=Words(
            en="Correct the user's number in Auth0.", ja="Auth0でユーザーの番号を修正する。"
        ),
    ),
    Reason(
        id="country-not-allowed",
        text="recipient country not allowed",
        pattern=r"recipient country not allowed",
        wanted=True,
        meaning=Words(
            en="A number under none of allowedPrefixes.",
            ja="allowedPrefixesにない国の番号。",
        ),
        action=Words(
            en="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
            ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
        ),
    ),
    Reason(
        id="japanese-range",
        text="recipient is in a Japanese range that is not allowed",
        pattern=r"recipient is in a Japanese range that is not allowed",
        wanted=True,
        meaning=Words(
            en="0990, 0570, 0120, 0800 and their like: it costs extra, or reaches no person.",
            ja="0990、0570、0120、0800など、特別料金または個人に届かない番号。",
        ),
        action=Words(
            en="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
            ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
        ),
    ),
    Reason(
        id="number-without-sms",
        text="recipient is a Japanese number without SMS",
        pattern=r"recipient is a Japanese number without SMS",
        wanted=True,
        meaning=Words(
            en="050 or a fixed line: calls alone reach it.",
            ja="050または固定電話。音声通話のみ届く。",
        ),
        action=Words(
            en="The user chooses a call, or another number.",
            ja="ユーザーが音声通話または別の番号を選ぶ。",
        ),
    ),
    Reason(
        id="expensive-range",
        text="recipient is in a premium, shared-cost, personal or satellite range",
        pattern=r"recipient is in a premium, shared-cost, personal or satellite range",
        wanted=True,
        meaning=Words(
            en="A range that is never sent to, in any country.",
            ja="どの国でも送信しない番号帯。",
        ),
        action=Words(
            en="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
            ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
        ),
    ),
    Reason(
        id="recipient-limit",
        text="too many messages to this recipient",
        pattern=r"too many messages to this recipient",
        wanted=True,
        meaning=Words(
            en="recipientLimit is reached for a number.",
            ja="ある番号がrecipientLimitに達した。",
        ),
        action=Words(
            en="Nothing for single ones; many: messages do not arrive, or somebody floods a "
            "number.",
            ja="単発なら対応不要。多い場合は届いていないか、嫌がらせの可能性。",
        ),
    ),
    Reason(
        id="call-limit",
        text="too many calls to this recipient",
        pattern=r"too many calls to this recipient",
        wanted=True,
        meaning=Words(
            en="voiceLimit is reached for a number.", ja="ある番号がvoiceLimitに達した。"
        ),
        action=Words(
            en="Nothing for single ones; many: calls do not arrive, or somebody floods a number.",
            ja="単発なら対応不要。多い場合は届いていないか、嫌がらせの可能性。",
        ),
    ),
    Reason(
        id="tenant-limit",
        text="too many messages of this tenant",
        pattern=r"too many messages of this tenant",
        alarm=True,
        meaning=Words(
            en="tenantLimit is reached: no enrolments and password changes until it falls.",
            ja="tenantLimitに達した。登録とパスワード変更のメッセージが止まる。",
        ),
        action=Words(
            en="A wave of them is a sign of toll fraud (docs/guides/incident.md); else raise "
            "tenantLimit.",
            ja="急増は不正送信の兆候(docs/guides/incident.md)。そうでなければtenantLimitを上げる。",
        ),
    ),
    Reason(
        id="text",
        text="the message has no text, the message has no text to speak, the text does not give "
        "the code, the voice text is too long",
        pattern=r"the message has no text|the text does not give the code"
        r"|the voice text is too long",
        alarm=True,
        meaning=Words(
            en="A template is not right: no message of its type is sent.",
            ja="テンプレートが正しくない。その種別は全く送信されない。",
        ),
        action=Words(
            en="Correct the template, or take the stack's: python -m phonemfa drift.",
            ja="テンプレートを直すか、スタックのものに戻す: python -m phonemfa drift。",
        ),
    ),
    Reason(
        id="internal-error",
        text="internal error in the Action",
        pattern=r"internal error in the Action",
        alarm=True,
        meaning=Words(en="An event that nobody foresaw.", ja="想定外のイベント。"),
        action=Words(en="Please report it.", ja="報告する。"),
    ),
)
"""In the order in which they are looked for: of two that match, the first one is meant."""

BY_ID: Final = {one.id: one for one in REASONS}

_PATTERNS: Final = tuple((re.compile(one.pattern), one) for one in REASONS)


@lru_cache(maxsize=1024)
def reason_of(said: str) -> Reason | None:
    """The reason that a text of the tenant's log gives; None where it is none of the Action's."""
    return next((one for pattern, one in _PATTERNS if pattern.search(said)), None)
