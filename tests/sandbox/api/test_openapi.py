"""The route table and its schemas agree with the published OpenAPI, and our page of them too.

Where recordings contradict the document, the recordings win; those places are listed here.
"""

import dataclasses
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sandbox.login.assumptions import LoginAssumptions
from sandbox.notifications.assumptions import NotificationAssumptions
from sandbox.tenant import routes as table
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import REPLAYED, Operation
from tests.sandbox.api import openapi, recording
from tools.reference import tables

STATUS_EXCEPTIONS = {
    ("POST", "/actions/actions/{id}/deploy"): "202 published, 200 in every recording (§4.7)",
    ("POST", "/actions/actions/{actionId}/versions/{id}/deploy"): "as above (§4.8)",
}
BODY_IS_IGNORED = {
    ("PATCH", "/branding/phone/templates/{id}/reset"): "published as any value",
}
RECORDED_ONLY_TRIGGERS = {"mcp-tool"}
LENGTHS = ("minLength", "maxLength")

_WORDING = re.compile(r"Payload validation error: '.+'( on property [^ ]+( \(.+\))?)?\.", re.DOTALL)

_PUBLISHED = {path for _, path in openapi.operations()}
BEYOND = {(one.method, one.path) for one in table.OPERATIONS if one.path not in _PUBLISHED}
"""Operations for which the contract has no OpenAPI; docs/reference/sandbox.md has their source."""

OURS = {
    (one.method, one.path): one for one in table.OPERATIONS if (one.method, one.path) not in BEYOND
}
OPERATIONS = [pytest.param(one, id=" ".join(one)) for one in openapi.operations()]
WITH_BODY = [
    pytest.param(one, id=" ".join(one))
    for one, published in openapi.operations().items()
    if openapi.body_schema(published) is not None and one not in BODY_IS_IGNORED
]


def accepts(operation: Operation, body: Any) -> bool:
    """Whether the body passes; a refusal has to be worded as Auth0 words it."""
    assert operation.body is not None
    try:
        operation.body.check(body)
    except ApiError as refusal:
        assert (refusal.status, refusal.error_code) == (400, "invalid_body")  # noqa: PT017
        assert _WORDING.fullmatch(refusal.message), refusal.message  # noqa: PT017
        return False
    return True


def test_every_published_operation_is_there_and_no_other() -> None:
    assert set(OURS) == set(openapi.operations())
    assert len({path for _, path in OURS}) == 28


@pytest.mark.parametrize("key", OPERATIONS)
def test_scope_and_status_are_the_published_ones(key: tuple[str, str]) -> None:
    published, ours = openapi.operations()[key], OURS[key]
    security = published["security"]
    scopes = [scope for one in security for scope in one.get("oAuth2ClientCredentials", [])]
    assert list(ours.scopes) == scopes
    statuses = [one for one in published["responses"] if one.startswith("2")]
    excepted = key in STATUS_EXCEPTIONS or statuses == ["204"]
    assert (str(ours.status) in statuses) != excepted


PUBLISHED_SINCE = {("GET", "/guardian/factors"): {"include_settings"}}
"""Parameters that are newer than the contract's document (management-api.md §6.7)."""


@pytest.mark.parametrize("key", OPERATIONS)
def test_query_and_path_parameters_are_the_published_ones(key: tuple[str, str]) -> None:
    published = openapi.operations()[key].get("parameters", [])
    for place, ours in (("query", OURS[key].query), ("path", OURS[key].parameters)):
        theirs = {one["name"]: one["schema"] for one in published if one["in"] == place}
        assert set(ours.known) - PUBLISHED_SINCE.get(key, set()) == set(theirs)
        for name, of_theirs in theirs.items():
            own, schema = ours.known[name], openapi.resolve(of_theirs)
            assert own["type"] == schema["type"]
            assert set(own.get("enum", ())) - RECORDED_ONLY_TRIGGERS == set(schema.get("enum", ()))
            if own["type"] == "string" and "enum" not in own:
                assert [own.get(one) for one in LENGTHS] == [schema.get(one) for one in LENGTHS]


@pytest.mark.parametrize("key", WITH_BODY)
def test_the_same_bodies_are_accepted_and_refused(key: tuple[str, str]) -> None:
    schema = openapi.body_schema(openapi.operations()[key])
    assert schema is not None
    published = openapi.validator(schema)
    verdicts = {True: 0, False: 0}
    for body in openapi.variations(schema):
        expected = published.is_valid(body)
        assert accepts(OURS[key], body) == expected, body
        verdicts[expected] += 1
    # A comparison in which everything was accepted, or nothing, would show nothing.
    assert min(verdicts.values()) > 0


def test_every_schema_is_one() -> None:
    # Here: at import it would cost each process of the sandbox a third of a second.
    for one in table.OPERATIONS:
        if one.body is not None:
            Draft202012Validator.check_schema(one.body.schema)


def test_only_operations_with_a_published_body_read_one() -> None:
    published = {key for key, one in openapi.operations().items() if openapi.body_schema(one)}
    ours = {key for key, one in OURS.items() if one.body is not None}
    assert ours == published - set(BODY_IS_IGNORED)


SWITCHES = (Assumptions, NotificationAssumptions, LoginAssumptions)


def test_the_page_has_every_operation_and_every_switch() -> None:
    page = tables.sandbox()
    assert all(f"| `{one.method} {one.path}` |" in page for one in table.OPERATIONS)
    for switches in SWITCHES:
        assert all(f"| `{one.name}` |" in page for one in dataclasses.fields(switches))


def test_what_is_said_to_be_replayed_is_in_a_recording_and_nothing_else_is() -> None:
    recorded: set[tuple[str, str]] = set()
    for name in recording.names():
        for one in recording.load(name):
            found = table.find(one.method, f"/api/v2{one.path.partition('?')[0]}")
            if found is not None and one.status < 300:
                recorded.add((one.method, found[0].path))
    # Its one recording is the exception of the replay: an older catalogue.
    recorded.discard(("GET", "/actions/triggers"))
    assert {(one.method, one.path) for one in table.OPERATIONS if one.known is REPLAYED} == recorded


@pytest.mark.parametrize("switches", SWITCHES)
def test_every_switch_says_what_and_why(switches: type) -> None:
    explained = tables.field_docstrings(switches)
    assert set(explained) == {one.name for one in dataclasses.fields(switches)}
    assert all(len(one) > 20 for one in explained.values())
