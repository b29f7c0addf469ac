"""`doctor` reads what it may, costs no answer for another, and tells what it could not see."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from phonemfa.doctor.findings import (
    Finding,
    Level,
    Subject,
    as_document,
    as_object,
    exit_status,
    summary,
)
from phonemfa.exits import Exit
from phonemfa.output.terminal import show
from tests.contract import PROJECT
from tests.end_to_end.conftest import PHONE
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Operator

Apply = Callable[..., Operator]


def levels(answer: Any) -> set[str]:
    return {one["level"] for one in answer["findings"]}


def told(answer: Any) -> str:
    return "\n".join(f"{one['what']} {one.get('fix')}" for one in answer["findings"])


@pytest.mark.parametrize("generation", ["unified", "legacy"])
def test_a_tenant_that_is_as_applied_has_no_fault_and_is_only_read(
    applied: Apply, generation: str
) -> None:
    desk = applied(generation)
    answer = desk.json("doctor", "--check-key")
    assert "fault" not in levels(answer), told(answer)
    assert writes(desk.tenant) == []
    looking = {"stack export", "whoami --verbose --json", "config get phonemfa:cpaasApiKey"}
    assert set(desk.engine.ran) == looking
    desk.tenant.forget_requests()
    assert desk.tenant.domain in desk.run("doctor").stdout
    asked = desk.tenant.logged()
    assert {one["status"] for one in asked} <= {200, 204}, "nothing that it would refuse"
    assert len({one["path"] for one in asked}) == len(asked), "each thing once"


@pytest.mark.parametrize(
    ("code", "message", "names"),
    [
        ("insufficient_scope", "Insufficient scope", "read:mfa_policies is missing"),
        ("", "Insufficient scope, expected any of: x", "read:mfa_policies is missing"),
        ("feature_not_enabled", "not in this plan", "is not in the tenant's plan"),
        ("operation_not_supported", f"for {PHONE}", "operation_not_supported: for ****"),
        (None, "no list", "cannot read"),
    ],
)
def test_one_refusal_costs_one_answer_and_says_which(
    applied: Apply, code: str | None, message: str, names: str
) -> None:
    desk = applied()
    body = {"statusCode": 403, "error": "Forbidden", "errorCode": code, "message": message}
    status = 200 if code is None else 403
    fault = {"method": "GET", "path": "/guardian/policies$", "status": status, "body": body}
    desk.tenant.control("POST", "/faults", fault | {"times": 9})
    result = desk.run("doctor", "--json", expect=1 if "is " in names else 2)
    assert names in result.stdout
    assert "ntt-cpaas-phone" in result.stdout, "the other questions have their answers"


def test_a_token_of_ones_own_is_used_and_one_that_has_ended_is_told(applied: Apply) -> None:
    desk = applied()
    desk.environment |= {"AUTH0_API_TOKEN": desk.tenant.token, "AUTH0_CLIENT_SECRET": ""}
    desk.tenant.forget_requests()
    assert "fault" not in levels(desk.json("doctor"))
    asked = [one["path"] for one in desk.tenant.logged()]
    assert "/oauth/token" not in asked
    desk.environment["AUTH0_API_TOKEN"] = f"{desk.tenant.token[:-6]}AAAAAA"
    assert "token has ended" in told(desk.json("doctor", expect=2))


def test_a_key_is_tried_without_sending_and_never_told(applied: Apply) -> None:
    desk = applied()
    bad = desk.json("doctor", "--key-stdin", stdin="canary-unknown-key\n", expect=1)
    assert "401" in told(bad)
    assert "canary-unknown-key" not in told(bad)
    none = desk.json("doctor", "--key-stdin", stdin="two words\n", expect=2)
    assert "a space, a line break" in told(none)
    assert desk.engine.sandbox.parts.inbox.messages() == []


def test_what_cannot_be_looked_at_is_said_before_the_tenant_is_asked(applied: Apply) -> None:
    desk = applied()
    for address in ("no port", "https://localhost:8444/"):
        assert address in desk.run("doctor", "--cpaas-address", address, expect=2).stderr
    desk.engine.file.write_text("config: {}\n", encoding="utf-8")
    desk.tenant.forget_requests()
    assert "phonemfa:experience" in desk.run("doctor", expect=2).stderr
    assert desk.tenant.logged() == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [("AUTH0_DOMAIN", "https://another.example.com"), ("AUTH0_CLIENT_SECRET", "")],
)
def test_a_shell_at_another_tenant_or_without_credentials_is_told(
    applied: Apply, variable: str, value: str
) -> None:
    desk = applied()
    desk.environment[variable] = value
    answer = desk.json("doctor", expect=2)
    assert answer["domain"] == desk.tenant.domain, "the stack's own"
    said = told(answer)
    for part in ("another.example.com", desk.tenant.domain) if value else (variable,):
        assert part in said


def test_a_client_that_has_no_state_is_not_failed_for_that_and_is_not_told_ready(
    applied: Apply,
) -> None:
    desk = applied()
    shown = desk.run("doctor", "--no-state").stdout
    assert desk.engine.ran == []
    assert "The tenant is ready: Pulumi's own side was not looked at (backend)." in shown
    assert "- backend: not looked at: --no-state" in shown
    assert "Ready for pulumi up" in desk.run("doctor").stdout


def test_what_is_fine_is_one_line_unless_all_is_asked_for(applied: Apply) -> None:
    desk = applied()
    folded = desk.run("doctor").stdout.splitlines()
    (fine,) = [line for line in folded if line.startswith("✓")]
    assert fine.startswith("✓ fine: backend, stack, encryption, pending, lock, token, scopes")
    whole = desk.run("doctor", "--all").stdout.splitlines()
    assert len([line for line in whole if line.startswith("✓")]) > 10
    assert folded[-2] == whole[-1]


# --- What is shown --------------------------------------------------------------------------------


def finding(level: Level, what: str = "something", fix: str = "") -> Finding:
    return Finding(level=level, subject=Subject.RATE_LIMIT, what=what, fix=fix)


UNSEEN = Finding(level=Level.NOTE, subject=Subject.LOCK, what="not looked at: why", fix="do")


@pytest.mark.parametrize(
    ("levels", "unseen", "status", "words"),
    [
        ([Level.OK, Level.NOTE], [], Exit.FINE, "Ready for pulumi up: nothing stands in the way."),
        ([Level.OK, Level.WARNING], [], Exit.FINE, "Ready for pulumi up: 1 warning."),
        ([Level.UNKNOWN, Level.WARNING], [], Exit.UNANSWERED, "No answer"),
        ([Level.UNKNOWN, Level.FAULT, Level.FAULT], [], Exit.FAULTY, "Not yet: 2 faults"),
        # A client that only reads the tenant has no state.
        (
            [Level.OK],
            [UNSEEN],
            Exit.FINE,
            "The tenant is ready: Pulumi's own side was not looked at (lock).",
        ),
        ([Level.FAULT], [UNSEEN], Exit.FAULTY, "Not yet"),
    ],
)
def test_the_worst_decides(
    levels: list[Level], unseen: list[Finding], status: Exit, words: str
) -> None:
    findings = [*map(finding, levels), *unseen]
    assert exit_status(findings) is status
    assert summary(findings).startswith(words)


def shown(findings: list[Finding], *, fold: bool = True) -> list[str]:
    stream = io.StringIO()
    screen = Console(file=stream, width=80, force_terminal=True, color_system=None)
    show(as_document("dev", "t.example.com", findings, fold=fold), screen)
    return stream.getvalue().splitlines()


def test_each_finding_is_a_line_and_its_fix_below_and_nothing_is_cut() -> None:
    words = " ".join(f"word{number}" for number in range(40)) + " [red]"
    title, *lines = shown(
        [finding(one, words, "do [bold]this[/bold]") for one in Level], fold=False
    )
    assert title == "stack dev, tenant t.example.com"
    assert max(len(line) for line in lines) <= 80
    assert " ".join(line.strip() for line in lines).count(f"rate limit: {words}") == len(Level)
    assert lines.count("    → do [bold]this[/bold]") == len(Level), "a tenant's text is no markup"
    indented = [line for line in lines if line.startswith("  ")]
    assert len(lines) == len(indented) + len(Level) + 1, "further lines of a finding"


def test_the_worst_comes_first_and_what_needs_no_attention_is_only_named() -> None:
    levels = [Level.OK, Level.NOTE, Level.WARNING, Level.OK, Level.UNKNOWN, Level.FAULT]
    assert shown([*map(finding, levels), UNSEEN])[1:] == [
        "✗ rate limit: something",
        "? rate limit: something",
        "! rate limit: something",
        "- lock: not looked at: why",
        "    → do",
        "- worth knowing: rate limit",
        "✓ fine: rate limit",
        "Not yet: 1 fault, 1 warning, 1 that could not be looked at.",
        "--all shows what was seen of the rest.",
    ]


def test_json_has_the_documented_keys() -> None:
    told = as_object("dev", "t.example.com", [finding(Level.FAULT, "a", "b")])
    found = '{"level": "fault", "subject": "rate limit", "what": "a", "fix": "b"}'
    assert json.dumps(told) == (
        f'{{"stack": "dev", "domain": "t.example.com", "exit": 1, "findings": [{found}]}}'
    )


def test_the_guide_documents_every_subject_and_level() -> None:
    guide = (PROJECT / "docs" / "guides" / "first-tenant.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z ]+)` \|", guide, flags=re.MULTILINE))
    assert documented == {*map(str, Subject), *map(str, Level)}
