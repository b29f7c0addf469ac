"""Code that somebody else wrote may hold a key: no output shows it, and files of it are private."""

from collections.abc import Callable

import pytest

from components.masking import code_mark
from components.tenant.action import TOKEN
from tests.end_to_end.operators import running_version
from tests.phonemfa.applied import Operator
from tests.phonemfa.github_stand_in import GitHubStandIn

KEY = "hunter2"
"""Which nobody takes for a key by its looks."""
THEIRS = f"""exports.onExecuteCustomPhoneProvider = async () => {{
  await fetch('https://sms.example.com', {{ headers: {{ authorization: '{KEY}' }} }});
}};
"""


@pytest.fixture
def theirs(applied: Callable[..., Operator]) -> Operator:
    """A stack whose Action runs code that somebody wrote in the dashboard, with a key in it."""
    desk = applied(deliveryMethods=["text"])
    (action,) = desk.tenant.api("GET", "/actions/actions")["actions"]
    path = f"/actions/actions/{action['id']}"
    desk.tenant.api("PATCH", path, {"code": THEIRS})
    desk.tenant.api("POST", f"{path}/deploy")
    # The draft is another one again: whatever compares the two has both to hide.
    desk.tenant.api("PATCH", path, {"code": f"{THEIRS}// {KEY}, once more\n"})
    return desk


def told(desk: Operator, command: str, *options: str, expect: int = 0) -> str:
    said = desk.run(command, *options, expect=expect)
    files = [one for one in desk.folder.rglob("*") if one.is_file() and one.stat().st_mode & 0o077]
    text = said.stdout + said.stderr
    text += "".join(one.read_text("utf-8", "replace") for one in files)
    assert KEY not in text
    assert "sms.example.com" not in text
    return text


def test_drift_names_it_by_length_and_hash_in_every_form(theirs: Operator) -> None:
    with GitHubStandIn() as github:
        theirs.environment |= github.environment
        junit = str(theirs.folder / "drift.xml")
        text = told(theirs, "drift", "--junit", junit, "--issue", expect=7)
        assert KEY not in f"{github.issues}"
    assert code_mark(THEIRS) in text
    assert code_mark(THEIRS) in told(theirs, "drift", "--json", expect=7)


def test_neither_is_code_shown_that_only_the_state_has(applied: Callable[..., Operator]) -> None:
    desk = applied(deliveryMethods=["text"])
    (action,) = [one for one in desk.engine.applied.resources if one["type"] == TOKEN]
    old = {**action, "outputs": {**action["outputs"], "code": THEIRS}}
    detail = {"code": {"kind": "update"}}
    name = action["urn"].rpartition("::")[2]
    desk.engine.changes[name] = {"op": "update", "detailedDiff": detail, "oldState": old}
    assert code_mark(THEIRS) in told(desk, "drift", expect=7)


def test_rollback_names_it_by_length_and_hash_and_writes_it_for_its_owner_alone(
    theirs: Operator,
) -> None:
    told(theirs, "rollback", "--list")
    told(theirs, "rollback", "--list", "--json")
    code = theirs.folder / "version-2.js"
    code.write_text("of before", "utf-8")
    code.chmod(0o666)
    told(theirs, "rollback", "--to", "2", "--write-code", str(code))
    assert code.read_text("utf-8") == THEIRS
    assert code.stat().st_mode & 0o777 == 0o600
    theirs.typed = "n\n"
    told(theirs, "rollback", "--to", "1", expect=2)
    theirs.typed = None
    told(theirs, "rollback", "--to", "1", "--yes")
    assert code_mark(THEIRS) in told(theirs, "rollback", "--to", "2", "--yes")
    assert running_version(theirs.tenant)["code"] == THEIRS


def test_adopt_writes_it_for_its_owner_alone_and_says_what_to_do_before(theirs: Operator) -> None:
    domain = theirs.tenant.domain
    theirs.engine.file.write_text(f"config:\n  auth0:domain: {domain}\n", "utf-8")
    there = theirs.folder / "adopted" / "dev" / "action.js"
    there.parent.mkdir(parents=True)
    there.write_text("of before", "utf-8")
    there.chmod(0o644)
    text = told(theirs, "adopt", "--yes")
    assert "rotate first, then adopt" in text
    assert "in Pulumi's state and its history" in text.replace("into", "in")
    for name in ("action.js", "action.deployed.js"):
        assert KEY in (there.parent / name).read_text("utf-8")
        assert (there.parent / name).stat().st_mode & 0o777 == 0o600
    told(theirs, "adopt", "--yes", "--json")
