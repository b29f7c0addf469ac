"""An operator at a live (sandbox) tenant: runs phonemfa's commands as a person does.

No output of any may show a key, a client secret or a whole phone number.
"""

import json
import os
import signal
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from phonemfa.cli import app
from phonemfa.exits import Exit
from tests.end_to_end.conftest import PHONE, Tenant, tenant_of
from tests.end_to_end.pulumi_cli import PulumiProject, Store

NEW_KEY = "canary-new-cpaas-key"


@dataclass
class Operator:
    """Runs commands as somebody with the stack's environment, and reads every word of theirs."""

    tenant: Tenant
    folder: Path
    stack: str
    environment: dict[str, str]

    def run(self, *arguments: str, stdin: str = "", expect: int = 0) -> Result:
        """One command; its exit status must be `expect`, and its output may show no secret."""
        command, *options = arguments
        where = ["--stack", self.stack, "--project", str(self.folder)]
        result = CliRunner().invoke(
            app,
            [command, *where, *options],
            env=self.environment | {"COLUMNS": "200"},
            input=stdin,
        )
        if result.exception and not isinstance(result.exception, (SystemExit, OSError)):
            raise result.exception  # 1 is a traceback's status too
        text = result.stdout + result.stderr
        # What `run_app` makes of a disk that does not take what it should.
        status = Exit.UNANSWERED if isinstance(result.exception, OSError) else result.exit_code
        assert status == expect, text
        assert not [one for one in self.secrets() if one in text]
        return result

    def secrets(self) -> list[str]:
        """What no output may show."""
        key = self.tenant.running.credentials.cpaas_api_key
        mine = [self.tenant.client_secret, self.tenant.token]
        return [PHONE, PHONE[1:], NEW_KEY, key, *mine]

    def json(self, *arguments: str, stdin: str = "", expect: int = 0) -> Any:
        """The same with --json, decoded: standard output has nothing else."""
        return json.loads(self.run(*arguments, "--json", stdin=stdin, expect=expect).stdout)


def operator_of(tenant: Tenant, stack: PulumiProject) -> Operator:
    address = tenant.running.cpaas_url.removeprefix("https://")
    environment = stack.environment | {"PHONEMFA_CPAAS_ADDRESS": address}
    return Operator(tenant, stack.folder, stack.stack, environment)


@contextmanager
def cpaas_of(tenant: Tenant) -> Iterator[httpx.Client]:
    """The control routes of the CPaaS."""
    trust = ssl.create_default_context(cafile=tenant.ca_file)
    headers = tenant.running.control_headers
    with httpx.Client(base_url=tenant.running.cpaas_url, headers=headers, verify=trust) as http:
        yield http


def writes(tenant: Tenant) -> list[str]:
    return [
        f"{one['method']} {one['path']}"
        for one in tenant.logged()
        if one["method"] != "GET" and "/api/v2/" in one["path"]
    ]


@contextmanager
def stopped_at(tenant: Tenant, store: Store, method: str, path: str) -> Iterator[None]:
    """Somebody who presses Ctrl-C while this request waits for its answer; no lock may be left."""
    slow = {"method": method, "path": path, "delay_seconds": 4, "times": 1}
    tenant.control("POST", "/faults", slow)
    tenant.forget_requests()
    ended = threading.Event()

    def press() -> None:
        # It is in the log when it was answered, and that is too late.
        while not tenant.control("GET", "/faults")["faults"][-1]["seen"]:
            if ended.wait(0.1):
                return
        os.kill(os.getpid(), signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        yield
    finally:
        ended.set()
        pressing.join()
    assert [one for one in store.content() if one.startswith(".pulumi/")], "it is the store"
    assert store.locks() == [], "the lock is given back"


@contextmanager
def codes_sent(tenant: Tenant, *, count: int | None = None, method: str = "text") -> Iterator[None]:
    """Logins all the while (or `count` of them), four a second; each must get its code."""
    stop, sent = threading.Event(), list[dict[str, Any]]()

    def log_in_again_and_again() -> None:
        with closing(tenant_of(tenant.running).http) as http:
            while not stop.is_set():
                # Another user each time: one number would meet the Action's own limit.
                body = {"to": f"+8190{10_000_000 + len(sent)}", "delivery_method": method}
                headers = tenant.running.control_headers
                answer = http.post("/_sandbox/challenge", json=body, headers=headers)
                sent.append(answer.json() | {"to": body["to"]})
                if count is not None and len(sent) >= count:
                    return
                stop.wait(0.25)

    users = threading.Thread(target=log_in_again_and_again)
    users.start()
    try:
        yield
    finally:
        if count is None:
            stop.set()
        users.join(timeout=60)
    assert len(sent) >= (count or 10), "too few logins to prove anything"
    lost = [one for one in sent if one["outcome"] != "success"]
    assert lost == [], f"{len(lost)} of {len(sent)} logins got no code: {lost[:3]}"
    received = tenant.control("GET", "/messages")["messages"]
    assert {one["to"] for one in sent} <= {f"+{one['to'].lstrip('+')}" for one in received}


def running_version(tenant: Tenant) -> dict[str, Any]:
    (action,) = tenant.actions
    version: dict[str, Any] = action["deployed_version"]
    return version
