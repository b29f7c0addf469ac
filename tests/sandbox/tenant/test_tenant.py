"""The tenant as a whole, its settings (management-api.md §3), and what it remembers."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.tenant import Credentials, Tenant
from sandbox.tenant.context import Page
from sandbox.tenant.settings import Generation
from sandbox.tenant.store import Store, StoreError
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import PHONE, action, custom_provider, deployed, refused, tenant

BOTH: list[Generation] = ["unified", "legacy"]


def configured(auth0: Tenant) -> None:
    """Put something into every group."""
    deployed(auth0, action(secrets=[{"name": "KEY", "value": "v"}]))
    auth0.providers.create(custom_provider())
    auth0.templates.create({"type": "otp_verify", "content": {"body": {"text": "t"}}})
    auth0.guardian.set_factor("sms", enabled=True)
    auth0.guardian.set_message_types(["sms"])
    auth0.guardian.set_policies(["all-applications"])
    auth0.settings.patch({"friendly_name": "Mine"})


class TestSettings:
    def test_a_flag_that_was_written_is_answered_as_it_is_read(self, auth0: Tenant) -> None:
        off = {"enforce_client_authentication_on_passwordless_start": False}
        for shown in (auth0.settings.patch({"flags": off}), auth0.settings.get()):
            assert off.items() <= shown["flags"].items()

    @pytest.mark.parametrize(
        ("sent", "key", "hours"),
        [
            ({"session_lifetime_in_minutes": 120}, "session_lifetime", 2),
            ({"idle_session_lifetime_in_minutes": 90}, "idle_session_lifetime", 1.5),
            ({"ephemeral_session_lifetime_in_minutes": 60}, "ephemeral_session_lifetime", 1),
            ({"idle_ephemeral_session_lifetime": 5}, "idle_ephemeral_session_lifetime", 5),
        ],
    )
    def test_lifetimes_come_in_minutes_too_and_are_read_in_hours(
        self, auth0: Tenant, sent: dict[str, int], key: str, hours: float
    ) -> None:
        auth0.settings.patch(sent)
        read = auth0.settings.get()
        assert read[key] == hours
        assert not any(one.endswith("_in_minutes") for one in read)

    def test_a_lifetime_comes_in_one_unit(self, auth0: Tenant) -> None:
        before = auth0.settings.get()
        lifetimes = ("session_lifetime", "session_lifetime_in_minutes")
        with refused(400, "cannot be specified together", "invalid_body"):
            auth0.settings.patch(dict.fromkeys(("friendly_name", *lifetimes), 60))
        assert auth0.settings.get() == before

    def test_fields_select_or_leave_out(self, auth0: Tenant) -> None:
        select = auth0.settings.select
        chosen = select("flags, friendly_name", include_fields=True)
        assert set(chosen) == {"flags", "friendly_name"}
        assert "flags" not in select("flags", include_fields=False)
        assert select(None, include_fields=False) == auth0.settings.get()


class TestLife:
    def test_a_restart_keeps_everything(self, tmp_path: Path) -> None:
        path, clock = tmp_path / "tenant.sqlite", ManualClock()
        before = tenant(Store(path), clock=clock)
        configured(before)
        after = tenant(Store(path), clock=clock, generation="legacy")
        assert after.generation == "unified"
        assert after.export() == before.export()
        assert after.credentials == before.credentials
        assert after.clients.signing_key() == before.clients.signing_key()
        assert after.deployed_action(PHONE) == before.deployed_action(PHONE)

    def test_a_clock_that_was_set_back_does_not_undeploy(self, tmp_path: Path) -> None:
        path = tmp_path / "tenant.sqlite"
        deployed(tenant(Store(path), clock=ManualClock(2_000_000_000_000_000_000)))
        after = tenant(Store(path), clock=ManualClock(1_000_000_000_000_000_000))
        assert after.deployed_action(PHONE) is not None
        assert after.actions.listing(Page())["actions"][0]["status"] == "built"

    @pytest.mark.parametrize("generation", BOTH)
    def test_a_reset_tenant_is_like_a_new_one(self, generation: Generation) -> None:
        auth0 = tenant()
        auth0.clients.add(Credentials("extra", "secret"))
        configured(auth0)
        auth0.context.builds.scripted.append([{"status": "failed", "seconds": 0}])
        kept = auth0.credentials, auth0.clients.signing_key()
        auth0.reset(generation)
        assert auth0.generation == generation
        assert auth0.settings.get()["phone_consolidated_experience"] is (generation == "unified")
        assert auth0.export() == tenant(generation=generation).export()
        assert (auth0.credentials, auth0.clients.signing_key()) == kept
        assert auth0.clients.authenticate("extra", "secret") is None
        assert not auth0.context.builds.scripted

    def test_given_credentials_replace_the_earlier_default(self) -> None:
        store = Store()
        old = tenant(store).credentials
        new = Credentials("given", "secret")
        again = Tenant(store, domain="localhost", credentials=new)
        assert again.credentials == new
        assert again.clients.authenticate(old.client_id, old.client_secret) is None
        assert Tenant(store, domain="localhost").credentials == new

    def test_secrets_are_not_in_representations(self) -> None:
        assert "hidden" not in repr(Credentials("id", "hidden"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tenant.sqlite"


class OopsError(Exception):
    pass


def test_a_restart_loses_nothing_and_keeps_the_order(path: Path) -> None:
    store = Store(path)
    for key in ("b", "a", "c"):
        store.put("things", key, {"key": key})
    store.put("things", "b", {"key": "b", "changed": True})
    store.close()
    assert Store(path).all("things") == [{"key": "b", "changed": True}, {"key": "a"}, {"key": "c"}]


def test_a_killed_process_loses_nothing_that_was_answered(path: Path) -> None:
    script = (
        "import os, sys\n"
        "from sandbox.tenant import Store\n"
        "store = Store(sys.argv[1])\n"
        "store.put('things', 'kept', {'n': 1})\n"
        "with store.transaction():\n"
        "    store.put('things', 'half', {'n': 2})\n"
        "    os._exit(9)\n"
    )
    project = Path(__file__).resolve().parents[3]
    ended = subprocess.run([sys.executable, "-c", script, str(path)], cwd=project, check=False)
    assert ended.returncode == 9
    assert Store(path).all("things") == [{"n": 1}]


def fail_within(store: Store, *keys: str) -> None:
    """Write each key one transaction deeper than the last, then fail."""
    with store.transaction():
        if not keys:
            raise OopsError
        store.put("things", keys[0], {"written": True})
        fail_within(store, *keys[1:])


@pytest.mark.parametrize("keys", [("old",), ("outer", "inner")])
def test_a_failed_transaction_and_those_around_it_leave_nothing_behind(keys: list[str]) -> None:
    store = Store()
    store.put("things", "old", {"n": 1})
    with pytest.raises(OopsError):
        fail_within(store, *keys)
    assert store.all("things") == [{"n": 1}]
    store.put("things", "afterwards", {})
    assert len(store.all("things")) == 2


def test_another_reader_sees_only_what_was_committed(path: Path) -> None:
    store = Store(path)
    other = sqlite3.connect(path)
    with store.transaction():
        store.put("things", "x", {})
        assert other.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    assert other.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    store = Store(path)
    store.put("things", "x", {})
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_file_of_another_version_is_refused_with_what_to_do(path: Path) -> None:
    Store(path).close()
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version=99")
    other.close()
    with pytest.raises(StoreError, match=r"version 99.*Delete the file"):
        Store(path)
