"""The real engine: codes arrive, repetition does nothing, a killed `up` and drift are mended."""

import html
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from rich.console import Console

from sandbox.engine.ensure import CACHE_VARIABLE, cache_folder, ensure_engine
from sandbox.machine.progress import Progress
from sandbox.plugin import STAND_IN
from sandbox.server import daemon
from sandbox.server.credentials import ensure_credentials
from sandbox.server.record import client, running_record
from tests.contract import PROJECT
from tests.end_to_end.conftest import checkout
from tests.free_ports import sandbox_ports
from tests.sandbox.engine.test_ensure import until

pytestmark = pytest.mark.end_to_end
SECONDS = 600


def snapshot(*folders: Path) -> dict[Path, bytes]:
    """Every file below them with its content."""
    found = (one for folder in folders for one in folder.rglob("*"))
    return {one: one.read_bytes() for one in found if one.is_file()}


@dataclass
class Person:
    """Somebody with a Pulumi login, an Auth0 tenant and a checkout, who types commands."""

    home: Path
    project: Path
    state: Path
    environ: dict[str, str]
    told: str = ""
    """By the first `up`."""

    @classmethod
    def at(cls, folder: Path) -> Self:
        home, project = folder / "home", folder / "project"
        (home / ".pulumi").mkdir(parents=True)
        (home / ".pulumi" / "credentials.json").write_text('{"current": "https://api.pulumi.com"}')
        checkout(folder).rename(project)
        shutil.copy(PROJECT / "Pulumi.sandbox.yaml", project)
        own = {
            "HOME": str(home),
            "PULUMI_ACCESS_TOKEN": "of-the-person",
            "PULUMI_BACKEND_URL": "https://api.pulumi.com",
            "PULUMI_STACK": "prod",
            "AUTH0_DOMAIN": "real-tenant.example",
            "AUTH0_CLIENT_SECRET": "of-the-real-tenant",
            "PYTHONDONTWRITEBYTECODE": "1",
            **sandbox_ports(),
            CACHE_VARIABLE: str(cache_folder(os.environ).parent),
        }
        return cls(home, project, folder / "state", dict(os.environ) | own)

    def command(self, name: str, *arguments: str) -> list[str]:
        where = ["--state-dir", str(self.state)]
        if name in {"up", "pulumi", "phonemfa"}:
            where += ["--project-dir", str(self.project)]
        return [sys.executable, "-m", "sandbox", name, *where, *arguments]

    def types(self, name: str, *arguments: str, expect: int = 0) -> str:
        """Run one command; returns all of its output."""
        ended = subprocess.run(
            self.command(name, *arguments),
            cwd=PROJECT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == expect, ended.stdout
        assert "Traceback" not in ended.stdout
        return ended.stdout

    def client(self) -> httpx.Client:
        record = running_record(self.state)
        assert record
        return client(self.state, record, timeout=30)

    def asks(self, path: str) -> Any:
        with self.client() as http:
            return http.get(f"/_sandbox/{path}").raise_for_status().json()

    def received(self) -> Any:
        return self.asks("messages")["messages"]

    def applied(self) -> Any:
        """What the server remembers of the last `up`, and what differs from it."""
        return self.asks("applied")


after_the_first_up = pytest.mark.xdist_group("the first up")
"""One worker makes the first `up` once."""


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    """The real engine; made when this machine has none (minutes, with progress)."""
    ensure_engine(Progress(Console(stderr=True)))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Person]:
    person = Person.at(tmp_path)
    yield person
    daemon.end(person.state)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Somebody whose sandbox is up."""
    person = Person.at(tmp_path_factory.mktemp("first"))
    before = snapshot(person.home, person.project)
    person.told = person.types("up")
    assert snapshot(person.home, person.project) == before, "it wrote into home or checkout"
    yield person
    daemon.end(person.state)


@after_the_first_up
def test_first_up_shows_the_codes_that_the_phone_received_and_no_secret(first: Person) -> None:
    assert "auth0 plugin: official" in first.told or STAND_IN in first.told
    assert "warning" not in first.told, "which plugin it is, is said once"
    sms, voice = first.received()[:2]
    assert (sms["channel"], voice["channel"]) == ("sms", "voice")
    assert re.search(r"\d{6}", sms["text"])
    assert {sms["text"], voice["text"]} <= {line.strip() for line in first.told.splitlines()}
    address = f"http://localhost:{first.environ['SANDBOX_PAGES_PORT']}"
    shown = re.search(rf"See it: ({re.escape(address)}/\?token=\S+)", first.told)
    assert shown
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        assert browser.get(f"{address}/phones").status_code == 401
        assert browser.get(shown[1]).status_code == 200
        assert html.escape(sms["text"]) in browser.get(f"{address}/phones/{sms['to']}").text
    assert (first.applied()["at"] is not None, first.applied()["differences"]) == (True, [])
    credentials = ensure_credentials(first.state)
    passphrase = (first.state / "passphrase").read_text()
    for secret in (credentials.client_secret, credentials.cpaas_api_key, passphrase):
        for written in ("server.log", "Pulumi.sandbox.yaml"):
            assert secret not in (first.state / written).read_text() + first.told


@pytest.mark.thorough
@after_the_first_up
def test_pulumi_itself_warns_once_of_a_stand_in(first: Person) -> None:
    _, _, warnings = first.types("pulumi", "--", "preview").partition("Diagnostics:")
    assert warnings.count("warning") == warnings.count(STAND_IN) == first.told.count(STAND_IN)


@after_the_first_up
def test_one_that_was_stopped_comes_back_as_it_was_and_ups_change_nothing(first: Person) -> None:
    sent, applied = first.received(), first.applied()
    assert "stopped" in first.types("down")
    first.types("status", expect=3)

    output = first.types("up")

    assert "server: started" in output
    assert "nothing to apply (0 changes)" in output
    assert (first.received(), first.applied()) == (sent, applied)
    requests = first.asks("requests")["requests"]
    methods = {request["method"] for request in requests if request["path"] != "/oauth/token"}
    assert methods == {"GET"}

    output = first.types("up", "--send", "--no-refresh")

    assert "was up already: nothing was changed" in output
    assert [one["channel"] for one in first.received()[len(sent) :]] == ["sms", "voice"]


@pytest.mark.thorough  # one of its kind: test_team_state.py
def test_up_that_was_killed_halfway_is_taken_up_by_the_next(newcomer: Person) -> None:
    newcomer.types("start")
    with newcomer.client() as asking:
        # The Action is made, and its deployment does not come to an end.
        fault = {"method": "POST", "path": "/deploy$", "delay_seconds": 60}
        asking.post("/_sandbox/faults", json=fault).raise_for_status()
        with subprocess.Popen(
            newcomer.command("up"),
            cwd=PROJECT,
            env=newcomer.environ,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as killed:
            until(
                lambda: asking.get("/_sandbox/faults").json()["faults"][0]["seen"] == 1,
                seconds=SECONDS,
            )
            os.killpg(killed.pid, signal.SIGKILL)
        asking.delete("/_sandbox/faults").raise_for_status()

    output = newcomer.types("up")

    assert "removed 1 lock(s) of a run that was killed" in output
    assert "an earlier run was killed while it worked" in output
    assert "was made and not recorded; it is in the state now" in output
    assert len(newcomer.received()) == 2


@pytest.mark.thorough
def test_drift_that_was_made_by_hand_is_found_and_repaired(newcomer: Person) -> None:
    person = newcomer
    person.types("up")
    assert "no drift" in person.types("phonemfa", "--", "drift")
    before = person.applied()["at"]
    person.types("drift", "policy-switched")
    person.types("drift", "action-undeployed")
    things = {one["thing"] for one in person.applied()["differences"]}
    assert things == {"Policy", "Action of custom-phone-provider"}
    found = person.types("phonemfa", "--", "drift", expect=7)
    assert "policy" in found
    assert "action-undeployed" in found
    person.types("phonemfa", "--", "drift", "--repair", "--yes")
    told = person.applied()
    assert (told["at"] > before, told["differences"]) == (True, [])
    person.types("drift", "policy-switched")
    person.types("pulumi", "--", "up", "--yes", "--skip-preview", "--refresh")
    assert person.applied()["differences"] == []
    assert "policy-switched" in person.types("drift")
    person.types("drift", "policy-switched")
    assert person.applied()["differences"]
    person.types("drift", "undo")
    assert person.applied()["differences"] == []
    assert "is not one of ['action-gone'" in person.types("drift", "nonsense", expect=1)
