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
class Reason:
    """One reason, or several that mean the same.

    Attributes:
        id: stable, for machines.
        text: as the log has it, with an ellipsis where it varies.
        pattern: finds it in what the log says; empty: the text itself does.
        retried: Auth0 repeats the message, up to five times; else it is given up.
        alarm: it concerns every message, not one.
        wanted: the stack's own settings refuse such a message: no fault of its sending.
        meaning, action: what it says, and what to do.
    """

    id: str
    text: str
    pattern: str = ""
    retried: bool = False
    alarm: bool = False
    wanted: bool = False
    meaning: str
    meaning_ja: str
    action: str
    action_ja: str

    def meaning_in(self, language: Language) -> str:
        """What it says, in this language."""
        return self.meaning_ja if language == "ja" else self.meaning

    def action_in(self, language: Language) -> str:
        """What to do, in this language."""
        return self.action_ja if language == "ja" else self.action


REASONS: Final = (
    Reason(
        id="maybe-sent",
        text="…: the message may have been sent",
        pattern=r"the message may have been sent",
        meaning="The CPaaS answered 5xx, not within 8 s, or not in a form that says yes or no. The "
        "message is not repeated: a second code locks out more people than a missing one.",
        meaning_ja="CPaaSが5xxを返した、8秒以内に応答しなかった、または応答の意味が不明。二通目の"
        "コードは混乱を招くため、再送しない。",
        action="If it stays: ask NTT CPaaS.",
        action_ja="続く場合はNTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="host-not-reached",
        text="CPaaS host not reached",
        retried=True,
        meaning="Name not found, connection refused, or no answer to it, twice.",
        meaning_ja="名前解決できない、接続を拒否された、または接続の応答がない(2回)。",
        action="If it stays: check cpaasBaseHost, then ask NTT CPaaS.",
        action_ja="続く場合はcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="no-secure-connection",
        text="no secure connection to the CPaaS host",
        retried=True,
        meaning="Something answers there, but its TLS does not come up, twice.",
        meaning_ja="応答はあるがTLSが確立しない(2回)。",
        action="If it stays: check cpaasBaseHost, then ask NTT CPaaS.",
        action_ja="続く場合はcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="rate-limited",
        text="CPaaS limits the rate: HTTP 429",
        pattern=r"CPaaS limits the rate",
        retried=True,
        meaning="More messages a second than the account may send.",
        meaning_ja="アカウントの送信レートを超えた。",
        action="If it stays: ask NTT CPaaS for a higher rate.",
        action_ja="続く場合はNTT CPaaSに上限の引き上げを相談する。",
    ),
    Reason(
        id="system-error",
        text="CPaaS refused: SYSTEM_ERROR",
        retried=True,
        meaning="The CPaaS has a fault of its own.",
        meaning_ja="CPaaS側の障害。",
        action="If it stays: ask NTT CPaaS.",
        action_ja="続く場合はNTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="key-refused",
        text="CPaaS refused the request: HTTP 401 …, HTTP 403 …",
        pattern=r"CPaaS refused the request: HTTP 40[13]",
        alarm=True,
        meaning="The API key, or its scopes, are not right: no message is sent.",
        meaning_ja="APIキーまたはスコープが正しくない。全メッセージが送信されない。",
        action="Set a new key: python -m phonemfa rotate (docs/guides/rotate.md).",
        action_ja="新しいAPIキーを設定する: python -m phonemfa rotate(docs/guides/rotate.md)。",
    ),
    Reason(
        id="request-refused",
        text="CPaaS refused the request: HTTP …",
        pattern=r"CPaaS refused the request",
        meaning="The CPaaS does not take the request as it is.",
        meaning_ja="CPaaSがリクエストを受け付けない。",
        action="If it stays: check cpaasBaseHost (404), else please report it.",
        action_ja="続く場合はcpaasBaseHostを確認し(404)、それ以外は報告する。",
    ),
    Reason(
        id="sender-refused",
        text="CPaaS refused: REJECTED SENDER, SOURCE",
        pattern=r"CPaaS refused: REJECTED (?:SENDER|SOURCE)\b",
        alarm=True,
        meaning="The sender is not registered with the account: no message of its channel is sent.",
        meaning_ja="送信者IDがアカウントに登録されていない。その配信方法では全く送信されない。",
        action="Register the sender with NTT CPaaS, or set smsSender or voiceSender to such a one.",
        action_ja="NTT CPaaSに送信者IDを登録するか、smsSender・voiceSenderを登録済みのものにする。",
    ),
    Reason(
        id="account-refused",
        text="CPaaS refused: REJECTED NOT_ENOUGH_CREDITS, PREPAID_PACKAGE_EXPIRED, "
        "ROUTE_NOT_AVAILABLE, NETWORK",
        pattern=r"CPaaS refused: REJECTED (?:NOT_ENOUGH_CREDITS|PREPAID_PACKAGE_EXPIRED"
        r"|ROUTE_NOT_AVAILABLE|NETWORK)\b",
        alarm=True,
        meaning="The account has no credit, or no route: it concerns every message.",
        meaning_ja="残高または経路がない。全メッセージに影響する。",
        action="Ask NTT CPaaS about the account.",
        action_ja="アカウントについてNTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="message-refused",
        text="CPaaS refused: …",
        pattern=r"CPaaS refused: ",
        meaning="It concerns this recipient or message, such as REJECTED DESTINATION, DND or "
        "FLOODING_FILTER.",
        meaning_ja="この宛先またはメッセージだけの問題(REJECTED DESTINATION、DND、"
        "FLOODING_FILTERなど)。",
        action="Nothing for single ones; many: ask NTT CPaaS.",
        action_ja="単発なら対応不要。多い場合はNTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="certificate",
        text="CPaaS host failed the TLS check",
        alarm=True,
        meaning="No key was sent; someone else answers at that host, or its certificate is bad.",
        meaning_ja="APIキーは送信していない。別の相手が応答しているか、証明書が不正。",
        action="Check cpaasBaseHost at once, then ask NTT CPaaS.",
        action_ja="直ちにcpaasBaseHostを確認し、NTT CPaaSに問い合わせる。",
    ),
    Reason(
        id="redirect",
        text="CPaaS answered with a redirect: check CPAAS_BASE_URL",
        pattern=r"CPaaS answered with a redirect",
        alarm=True,
        meaning="The host is not the account's.",
        meaning_ja="ホストがアカウントのものではない。",
        action="Correct cpaasBaseHost.",
        action_ja="cpaasBaseHostを修正する。",
    ),
    Reason(
        id="configuration",
        text="configuration: secret … is missing, is malformed",
        pattern=r"configuration: secret [A-Z_]+ is (?:missing|malformed)",
        alarm=True,
        meaning="A secret of the Action is not right: no message is sent.",
        meaning_ja="Actionのシークレットが正しくない。全メッセージが送信されない。",
        action="Correct the stack's settings and pulumi up; python -m phonemfa drift says who "
        "changed what.",
        action_ja="スタックの設定を直してpulumi upする。変更箇所はpython -m phonemfa driftで"
        "分かる。",
    ),
    Reason(
        id="delivery-method",
        text="unknown delivery method",
        meaning="Auth0 asked for a channel that nobody knows.",
        meaning_ja="Auth0が未知の配信方法を指定した。",
        action="Please report it.",
        action_ja="報告する。",
    ),
    Reason(
        id="message-type",
        text="message type not enabled by MESSAGE_TYPES",
        wanted=True,
        meaning="A type of message that the stack does not send.",
        meaning_ja="スタックで送信しないメッセージ種別。",
        action="Nothing, or add it to messageTypes.",
        action_ja="対応不要。送信する場合はmessageTypesに追加する。",
    ),
    Reason(
        id="not-e164",
        text="recipient is not an E.164 number with country prefix",
        pattern=r"recipient is not an E\.164 number",
        wanted=True,
        meaning="A number without its country: guessing one sends codes to strangers.",
        meaning_ja="国番号のない番号。推測すると他人にコードが届く。",
        action="Correct the user's number in Auth0.",
        action_ja="Auth0でユーザーの番号を修正する。",
    ),
    Reason(
        id="country-not-allowed",
        text="recipient country not allowed",
        wanted=True,
        meaning="A number under none of allowedPrefixes.",
        meaning_ja="allowedPrefixesにない国の番号。",
        action="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
        action_ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
    ),
    Reason(
        id="japanese-range",
        text="recipient is in a Japanese range that is not allowed",
        wanted=True,
        meaning="0990, 0570, 0120, 0800 and their like: it costs extra, or reaches no person.",
        meaning_ja="0990、0570、0120、0800など、特別料金または個人に届かない番号。",
        action="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
        action_ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
    ),
    Reason(
        id="number-without-sms",
        text="recipient is a Japanese number without SMS",
        wanted=True,
        meaning="050 or a fixed line: calls alone reach it.",
        meaning_ja="050または固定電話。音声通話のみ届く。",
        action="The user chooses a call, or another number.",
        action_ja="ユーザーが音声通話または別の番号を選ぶ。",
    ),
    Reason(
        id="expensive-range",
        text="recipient is in a premium, shared-cost, personal or satellite range",
        wanted=True,
        meaning="A range that is never sent to, in any country.",
        meaning_ja="どの国でも送信しない番号帯。",
        action="Nothing for single ones; a wave is a sign of toll fraud (docs/guides/incident.md).",
        action_ja="単発なら対応不要。急増は不正送信の兆候(docs/guides/incident.md)。",
    ),
    Reason(
        id="recipient-limit",
        text="too many messages to this recipient",
        wanted=True,
        meaning="recipientLimit is reached for a number.",
        meaning_ja="ある番号がrecipientLimitに達した。",
        action="Nothing for single ones; many: messages do not arrive, or somebody floods a "
        "number.",
        action_ja="単発なら対応不要。多い場合は届いていないか、嫌がらせの可能性。",
    ),
    Reason(
        id="call-limit",
        text="too many calls to this recipient",
        wanted=True,
        meaning="voiceLimit is reached for a number.",
        meaning_ja="ある番号がvoiceLimitに達した。",
        action="Nothing for single ones; many: calls do not arrive, or somebody floods a number.",
        action_ja="単発なら対応不要。多い場合は届いていないか、嫌がらせの可能性。",
    ),
    Reason(
        id="tenant-limit",
        text="too many messages of this tenant",
        alarm=True,
        meaning="tenantLimit is reached: no enrolments and password changes until it falls.",
        meaning_ja="tenantLimitに達した。登録とパスワード変更のメッセージが止まる。",
        action="A wave of them is a sign of toll fraud (docs/guides/incident.md); else raise "
        "tenantLimit.",
        action_ja="急増は不正送信の兆候(docs/guides/incident.md)。そうでなければtenantLimitを上げる。",
    ),
    Reason(
        id="text",
        text="the message has no text, the message has no text to speak, the text does not give "
        "the code, the voice text is too long",
        pattern=r"the message has no text|the text does not give the code"
        r"|the voice text is too long",
        alarm=True,
        meaning="A template is not right: no message of its type is sent.",
        meaning_ja="テンプレートが正しくない。その種別は全く送信されない。",
        action="Correct the template, or take the stack's: python -m phonemfa drift.",
        action_ja="テンプレートを直すか、スタックのものに戻す: python -m phonemfa drift。",
    ),
    Reason(
        id="internal-error",
        text="internal error in the Action",
        alarm=True,
        meaning="An event that nobody foresaw.",
        meaning_ja="想定外のイベント。",
        action="Please report it.",
        action_ja="報告する。",
    ),
)
"""In the order in which they are looked for: of two that match, the first one is meant."""

BY_ID: Final = {one.id: one for one in REASONS}

_PATTERNS: Final = tuple((re.compile(one.pattern or re.escape(one.text)), one) for one in REASONS)


@lru_cache(maxsize=1024)
def reason_of(said: str) -> Reason | None:
    """The reason that a text of the tenant's log gives; None where it is none of the Action's."""
    return next((one for pattern, one in _PATTERNS if pattern.search(said)), None)
