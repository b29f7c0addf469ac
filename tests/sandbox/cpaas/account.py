"""A CPaaS account on loopback over TLS, and an Action that sends through it.

The certificate is for the CPaaS's name only, as outside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from components.action_code import Trigger, assemble
from sandbox.cpaas.app import build_cpaas
from sandbox.cpaas.cpaas import Cpaas
from sandbox.inbox.inbox import Inbox
from sandbox.notifications.rules import HANDLERS
from sandbox.runner.runner import ActionOutcome, ActionRunner
from sandbox.server.ports import CPAAS, take_port
from sandbox.server.serving import ServerThread

HOST = "cpaas.sandbox.test"
KEY = "sandbox-key-7f3c"
SECRETS = {
    "CPAAS_API_KEY": KEY,
    "CPAAS_BASE_URL": HOST,
    "SMS_SENDER": "MIRAIBANK",
    "VOICE_SENDER": "+815031234567",
    "RECIPIENT_LIMIT": "0",
}
LEGACY = {
    "message_options": {
        "action": "second-factor-authentication",
        "code": "482913",
        "message_type": "sms",
        "recipient": "+81-90-1234-5678",
        "text": "482913",
    }
}
"""The event of a login code on a legacy tenant."""


@dataclass
class Account:
    """The account's parts, and the port and authority that reach it."""

    inbox: Inbox
    cpaas: Cpaas
    port: int
    ca_file: Path


@contextmanager
def serving(
    folder: Path, *, names: tuple[str, ...] = (HOST,), keys: Any = (KEY,)
) -> Iterator[Account]:
    """An account that answers at 127.0.0.1 with a certificate for `names`."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    certificate = folder / "server.pem"
    authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(certificate)
    inbox = Inbox()
    cpaas = Cpaas(inbox, keys)
    listening = take_port(0, CPAAS)
    server = ServerThread("cpaas", (build_cpaas(cpaas), listening, certificate))
    server.start()
    try:
        yield Account(inbox, cpaas, listening.getsockname()[1], ca_file)
    finally:
        server.stop()
        inbox.close()


@contextmanager
def runner_for(account: Account) -> Iterator[ActionRunner]:
    """A runner whose Actions reach the account by its name."""
    runner = ActionRunner(hosts={HOST: account.port}, ca_file=account.ca_file)
    try:
        yield runner
    finally:
        runner.close()


@pytest.fixture(scope="module", name="account")
def shared_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One account for a module that imports this."""
    with serving(tmp_path_factory.mktemp("cpaas")) as account:
        yield account


@pytest.fixture(scope="module", name="runner")
def shared_runner(account: Account) -> Iterator[ActionRunner]:
    """The same of its runner."""
    with runner_for(account) as runner:
        yield runner


def notification(**changes: Any) -> dict[str, Any]:
    """The event of one login code."""
    return {
        "notification": {
            "as_text": "482913 が認証コードです。",
            "as_voice": "認証コードは、482913、です。",
            "code": "482913",
            "delivery_method": "text",
            "locale": "ja",
            "message_type": "otp_verify",
            "recipient": "+819012345678",
            **changes,
        },
        "request": {"geoip": {"countryCode": "JP"}},
        "tenant": {"id": "test"},
        "user": {"user_id": "auth0|1"},
    }


async def run_action(
    runner: ActionRunner,
    event: dict[str, Any] | None = None,
    *,
    trigger: Trigger = "custom-phone-provider",
    **secrets: str,
) -> ActionOutcome:
    """One execution of the assembled Action."""
    return await runner.execute(
        code=assemble(trigger),
        version_id=trigger,
        handler=HANDLERS[trigger],
        event=event or notification(),
        secrets={**SECRETS, **secrets},
    )
