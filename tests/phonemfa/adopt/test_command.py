"""`adopt` reads a tenant of anybody's making and writes what declares it, after asking."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.end_to_end import hand_made
from tests.end_to_end.conftest import Tenant
from tests.end_to_end.operators import writes
from tests.phonemfa.applied import Apply, Operator

Found = Callable[..., Operator]
KEY = "  phonemfa:cpaasApiKey:\n    secure: v1:a\n"
MINE = f"# ours\nconfig:\n  auth0:domain: DOMAIN\n{KEY}  phonemfa:policy: never  # for now\n"


@pytest.fixture
def found(applied: Apply) -> Found:
    """Somebody with a stack's file of their own, before a tenant that was made by hand."""

    def make(shape: Callable[[Tenant], None], generation: str = "unified") -> Operator:
        desk = applied(generation)
        desk.tenant.control("POST", "/reset", {"generation": generation})
        desk.tenant._token = ""
        shape(desk.tenant)
        text = MINE.replace("DOMAIN", desk.tenant.domain)
        desk.engine.file.write_text(text, encoding="utf-8")
        desk.tenant.forget_requests()
        return desk

    return make


def config_of(desk: Operator) -> dict[str, Any]:
    text = desk.engine.file.read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["config"]
    return {key.removeprefix("phonemfa:"): value for key, value in found.items()}


def test_what_is_written_is_the_config_the_code_and_the_imports(found: Found) -> None:
    desk = found(hand_made.custom)
    answer = desk.json("adopt", "--yes")
    config = config_of(desk)
    assert config["policy"] == "adaptive"
    assert config["retiredSecrets"] == ["OLD_KEY"], "which our own Action has to take away"
    assert config["protect"] is True, "nothing of another's making is deleted by a slip"
    code = desk.folder / config["adopted"]["action"]["code"]
    assert code.read_bytes() == (hand_made.CODE + "// not deployed\n").encode()
    assert code.stat().st_mode & 0o777 == 0o600
    assert config["adopted"]["action"]["dependencies"] == ["axios@1.7.2", "@acme/sms@2.0.0"]
    imports = json.loads((desk.folder / "adopted/dev/import.json").read_text("utf-8"))
    kinds = {one["type"].rpartition(":")[2] for one in imports["resources"]}
    assert {"Action", "TriggerAction", "PhoneProvider", "Guardian"} <= kinds
    assert writes(desk.tenant) == [], "the tenant is read"
    assert answer["next"][1].startswith("pulumi import --stack dev --file adopted/dev/import.json")
    assert desk.json("adopt", "--yes")["replacements"] == []


def test_nothing_of_a_persons_is_replaced_without_saying_so_and_a_yes(found: Found) -> None:
    desk = found(hand_made.custom)
    before, code = desk.engine.file.read_text("utf-8"), desk.folder / "adopted/dev/action.js"
    code.parent.mkdir(parents=True)
    code.write_text("mine", "utf-8")
    refused = desk.run("adopt", expect=2)
    assert 'phonemfa:policy is "never" and would become "adaptive"' in refused.stdout
    assert "adopted/dev/action.js is another file and would become as found" in refused.stdout
    assert "社内SMS" in refused.stdout
    assert desk.engine.file.read_text("utf-8") == before
    assert [*code.parent.iterdir()] == [code]
    assert code.read_text("utf-8") == "mine"
    desk.typed = "y\n"
    assert "pulumi preview --stack dev" in desk.run("adopt").stdout
    after = desk.engine.file.read_text("utf-8")
    assert after.startswith("# ours\n")
    assert KEY in after
    assert code.read_text("utf-8") != "mine"


@pytest.mark.parametrize(("body", "status"), [("hooks_not_allowed", 0), ("insufficient_scope", 2)])
def test_a_plan_without_hooks_is_no_missing_scope(found: Found, body: str, status: int) -> None:
    desk = found(hand_made.everything_off, "legacy")
    refusal = {"statusCode": 403, "error": "Forbidden", "errorCode": body, "message": body}
    desk.fault("GET", "/selected-provider$", body=refusal)
    desk.run("adopt", "--yes", expect=status)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("- a list\n", "Pulumi.dev.yaml is no"),
        ("config: [\n", "Pulumi.dev.yaml is no"),
        ("config:\n  auth0:domain: DOMAIN\n  phonemfa:language: fr\n", "phonemfa:language"),
    ],
)
def test_a_file_that_no_program_would_accept_is_left(found: Found, content: str, told: str) -> None:
    desk = found(hand_made.half)
    content = content.replace("DOMAIN", desk.tenant.domain)
    desk.engine.file.write_text(content, encoding="utf-8")
    assert told in desk.run("adopt", "--yes", expect=2).stderr
    assert desk.engine.file.read_text("utf-8") == content
    assert not (desk.folder / "adopted").exists()


def test_what_the_project_says_of_every_stack_is_judged_too(found: Found) -> None:
    desk = found(hand_made.half)
    config = "name: phonemfa\nconfig:\n  phonemfa:language: fr\n"
    (desk.folder / "Pulumi.yaml").write_text(config, encoding="utf-8")
    assert "phonemfa:language" in desk.run("adopt", "--yes", expect=2).stderr


def test_without_a_file_the_environment_names_the_tenant(found: Found) -> None:
    desk = found(hand_made.half)
    desk.engine.file.unlink()
    desk.environment["AUTH0_DOMAIN"] = desk.tenant.domain
    answer = desk.json("adopt", "--yes")
    assert "Pulumi.dev.yaml" in answer["files"]
    assert config_of(desk)["experience"] == "unified"
    assert "adopted" in config_of(desk)
