"""`break-glass` needs an agreement and three variables, and says what the tenant reads then."""

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from components.tenant.client import Heard
from phonemfa.break_glass import command
from tests.contract import PROJECT
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Apply
from tests.phonemfa.break_glass.alone import break_glass_alone
from tests.processes import run

ASKED = ["all-applications"]
REASON = ("--reason", "INC-1: no codes")
ACCESS = ("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "SSL_CERT_FILE")


def test_nobody_is_asked_any_more_and_the_record_says_so(applied: Apply, tmp_path: Path) -> None:
    desk, audit = applied(), tmp_path / "audit.jsonl"
    said = desk.run("break-glass", *REASON, "--audit-file", str(audit), "--yes")
    record = json.loads(said.stdout)
    assert (record["before"], record["after"]) == (ASKED, [])
    assert (record["tenant"], record["credential"]) == (desk.tenant.domain, desk.tenant.client_id)
    assert record["claimed"]["reason"] == "INC-1: no codes"
    assert json.loads(audit.read_text("utf-8")) == record
    assert "The policy is never: nobody in " in said.stderr
    assert "pulumi config set phonemfa:policy never && pulumi up --refresh" in said.stderr
    assert desk.policies() == []
    assert desk.engine.ran == [], "no Pulumi"

    desk.tenant.forget_requests()
    again = desk.run("break-glass", *REASON, "--yes")
    assert json.loads(again.stdout)["before"] == []
    assert "The policy was never already" in again.stderr
    assert writes(desk.tenant) == []


def test_what_it_was_may_be_unreadable_and_what_it_is_may_not(applied: Apply) -> None:
    desk = applied()
    desk.fault("GET", "/guardian/policies$", times=1)
    said = desk.run("break-glass", *REASON, "--yes")
    assert "What the policy was is not known" in said.stderr
    assert json.loads(said.stdout)["before"] is None
    assert desk.policies() == []

    desk.tenant.api("PUT", "/guardian/policies", ASKED)
    desk.tenant.control("DELETE", "/faults")
    desk.fault("GET", "/guardian/policies$", nth=2, times=1)
    said = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert "cannot be read back to prove it" in said.stderr
    record = json.loads(said.stdout)
    assert (record["before"], record["after"], record["exit"]) == (ASKED, None, 1)


def test_a_policy_that_is_not_never_afterwards_is_a_failure_and_recorded_as_one(
    applied: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = applied()
    desk.fault("PUT", "/guardian/policies$", times=1)
    refused = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert "403" in refused.stderr
    monkeypatch.setattr(desk.engine.applied.tenant.guardian, "set_policies", lambda new: new)
    undone = desk.run("break-glass", *REASON, "--yes", expect=1)
    assert "reads ['all-applications'] afterwards" in undone.stderr
    for said in (refused, undone):
        record = json.loads(said.stdout)
        assert (record["before"], record["after"], record["exit"]) == (ASKED, ASKED, 1)


def test_what_waits_for_a_rate_limit_says_so_and_a_lost_answer_is_read_back(
    applied: Apply, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, heard = applied(), Heard()
    monkeypatch.setattr(command, "working", lambda _: nullcontext(heard))
    desk.fault("GET", "/guardian/policies$", 429, times=1)
    desk.fault("PUT", "/guardian/policies$", 429, times=1)
    desk.fault("PUT", "/guardian/policies$", 503, when="after")
    assert desk.json("break-glass", *REASON, "--yes")["after"] == []
    assert heard.refusals == 2
    assert desk.policies() == []


@pytest.mark.parametrize(
    ("reason", "content", "told"),
    [
        (" ", None, "--reason is empty"),
        ("INC-1", "config: {}\n", "(there is none, or it is no text)"),
        ("INC-1", "config: [\n", "(Pulumi.dev.yaml"),
        ("INC-1", "config: {'auth0:domain': ''}\n", "(there is none"),
        ("INC-1", "config: {'auth0:domain': {secure: djE=}}\n", "(there is none"),
        ("INC-1", "config: {'auth0:domain': 2020-13-45}\n", "(there is none"),
    ],
)
def test_what_is_not_clear_is_not_done(
    applied: Apply, reason: str, content: str | None, told: str
) -> None:
    desk = applied()
    if content:
        desk.engine.file.write_text(content, encoding="latin-1")
    said = desk.run("break-glass", "--reason", reason, "--yes", expect=2).stderr
    assert f"{'gives no auth0:domain ' if content else ''}{told}" in said
    assert desk.policies() == ASKED


def test_no_tenant_is_contacted_that_the_owners_of_the_project_did_not_name(applied: Apply) -> None:
    desk = applied()
    (desk.folder / "tenants.toml").write_text('[dev]\ntenant = "other.jp.auth0.com"\n', "utf-8")
    said = desk.run("break-glass", *REASON, "--yes", expect=2).stderr
    assert "Nothing was written: The stack dev may not contact these addresses" in said
    assert desk.policies() == ASKED


def test_it_runs_where_pulumi_the_stack_and_the_declarations_are_broken(applied: Apply) -> None:
    desk = applied()
    bare = {name: desk.environment[name] for name in ACCESS} | {"AUTH0_DOMAIN": desk.tenant.domain}
    ended = break_glass_alone(bare, *REASON, "--yes", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["after"] == []
    assert desk.policies() == []


def test_a_terminal_that_says_it_has_no_columns_hides_nothing() -> None:
    for columns in ("0", "00", ""):
        said = break_glass_alone({"COLUMNS": columns}, *REASON, "--yes").stderr
        assert "Nothing was written: Not set: AUTH0_DOMAIN" in said
        assert "--reason" in break_glass_alone({"COLUMNS": columns}).stderr


def test_a_record_that_cannot_be_printed_is_kept_and_the_status_is_the_policys(
    applied: Apply,
) -> None:
    desk = applied()
    access = {name: desk.environment[name] for name in ACCESS}
    audit = desk.folder / "audit.jsonl"
    command = [sys.executable, "-m", "phonemfa.break_glass", *REASON, "--yes"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*command, "--audit-file", str(audit)],
            env=access | {"AUTH0_DOMAIN": desk.tenant.domain},
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert "The record is not on standard output: the disk is full. It is:" in ended.stderr
    (line,) = audit.read_text("utf-8").splitlines()
    assert (json.loads(line)["after"], json.loads(line)["exit"]) == ([], 0)
    assert desk.policies() == []


@pytest.mark.parametrize("where", ["a full disk", "a reader that is gone"])
def test_words_that_nobody_can_be_told_keep_no_policy_as_it_is(applied: Apply, where: str) -> None:
    desk = applied()
    access = {name: desk.environment[name] for name in ACCESS}
    reader, gone = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "phonemfa.break_glass", *REASON, "--yes"],
            env=access | {"AUTH0_DOMAIN": desk.tenant.domain},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=full if where == "a full disk" else gone,
            text=True,
            check=False,
        )
    os.close(gone)
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["after"] == []
    assert desk.policies() == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"SSL_CERT_FILE": "/no/such/ca.pem"}, "SSL_CERT_FILE /no/such/ca.pem: No such file or"),
        ({"HTTPS_PROXY": "socks5://u:canary@x:1"}, "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a"),
    ],
    ids=["certificates", "a proxy"],
)
def test_alone_it_tells_what_is_broken_around_it_in_words_too(
    broken: dict[str, str], told: str
) -> None:
    access = {"AUTH0_DOMAIN": "t.invalid", "AUTH0_CLIENT_ID": "c", "AUTH0_CLIENT_SECRET": "canary"}
    ended = break_glass_alone(access | broken, *REASON, "--yes")
    assert ended.returncode == 2
    assert told in ended.stderr
    for never in ("Traceback", "canary"):
        assert never not in ended.stdout + ended.stderr
    assert ended.stderr.count("No such file") <= 1


@pytest.mark.parametrize(
    ("closed", "status", "told"),
    [
        (">&-", 1, "The record is not on standard output: standard output is closed. It is:"),
        ("2>&-", 1, ""),
        ("<&-", 2, "standard input is no terminal"),
    ],
)
def test_a_standard_stream_that_is_closed_ends_in_no_traceback(
    tmp_path: Path, closed: str, status: int, told: str
) -> None:
    audit = tmp_path / "audit.jsonl"
    agreed = "" if closed == "<&-" else "--yes"
    line = f'"$0" -m phonemfa.break_glass --reason x --audit-file {audit} {agreed} {closed}'
    access = {"AUTH0_DOMAIN": "t.invalid", "AUTH0_CLIENT_ID": "c", "AUTH0_CLIENT_SECRET": "canary"}
    ended = run("sh", "-c", line, sys.executable, cwd=PROJECT, env=access)
    assert (ended.returncode, "Traceback" in ended.stderr) == (status, False), ended.stderr
    assert told in ended.stderr
    record = audit.read_text("utf-8")
    assert bool(record) == bool(agreed)
    assert record in f"{ended.stdout}{ended.stderr}", "nobody's record is lost"
