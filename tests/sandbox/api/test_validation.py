"""Refusals of bodies, paths and queries in Auth0's words, and of what cannot be read at all."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.api.bodies import decode_json
from sandbox.json_schemas import obj, text
from sandbox.tenant import routes as table
from sandbox.tenant.errors import ApiError
from sandbox.tenant.operation import Operation
from sandbox.tenant.validation import Body
from tests.sandbox.api.support import CUSTOM_PROVIDER, POST_LOGIN_ACTION, Sandbox
from tests.sandbox.api.test_auth import concrete

FACTOR, POLICIES = "PUT /guardian/factors/sms", "PUT /guardian/policies"
BINDINGS, SETTINGS = "PATCH /actions/triggers/post-login/bindings", "PATCH /tenants/settings"
TEMPLATE, TRY = "PATCH /branding/phone/templates/x", "POST /branding/phone/providers/x/try"
KINDS = {"Payload": "invalid_body", "Path": "invalid_uri", "Query": "invalid_query_string"}


BODIES = [
    (
        "POST /actions/actions",
        POST_LOGIN_ACTION | {"a": 1, "b": 2},
        "not allowed: a,b'.",
    ),
    ("POST /actions/actions", {"name": "x"}, "'Missing required property: supported_"),
    ("PATCH /actions/actions/x", {"code": 1}, "type integer' on property code (Its JavaScript so"),
    (FACTOR, {"enabled": None}, "found type null' on property enabled"),
    (POLICIES, ["x"], "'No enum match for: x' on property [0]."),
    (POLICIES, None, "'Expected type array but found type null'."),
    (
        BINDINGS,
        {"bindings": [{"x": 1}]},
        "schemas from 'oneOf'' on property bindings[0].",
    ),
    (TRY, {"to": "+" * 23}, "long (23 chars), maximum 16' on property to (The number to send to)."),
    (TRY, {"to": ""}, "'String is too short (0 chars), min"),
    (
        TEMPLATE,
        {"content": {"body": {}}},
        "properties defined (0), minimum 1' on property content.body.",
    ),
    (SETTINGS, {}, "'Too few properties defined (0), minimum 1'."),
    (SETTINGS, {"enabled_locales": []}, "'Array is too short (0), minimum 1'"),
    (SETTINGS, {"session_lifetime": 0}, "'Value 0 is less than minimum 1'"),
    (SETTINGS, {"country_codes": {"list": ["jp"]}}, "on property country_codes.list[0]."),
    (SETTINGS, {"support_email": "no"}, "didn't pass validation for format email-or-empty: no'"),
]
PATHS = [
    ("PUT /guardian/factors/fax", {"enabled": True}, "on property name (The factor's name)."),
    ("GET /actions/triggers/pre-login/bindings", None, "on property triggerId"),
    ("GET /branding/phone/providers/" + "x" * 256, None, "maximum 255' on property id."),
]
QUERIES = [
    (f"GET /actions/actions?{query}", None, said)
    for query, said in (
        ("include_totals=true", "'Additional properties not allowed: include_totals'."),
        ("deployed=yes", "'Expected type boolean but found type string' on property deployed."),
        ("page=a", "'Expected type integer but found type string' on property page (Zero"),
        ("page=1&page=2", "'Expected type integer but found type array' on property page"),
        ("page=", "found type string' on property page"),
        ("page=\u0663", "found type string' on property page"),
        ("page=-1", "less than minimum 0' on property page"),
        ("per_page=0", "less than minimum 1' on property per_page"),
        ("per_page=101", "greater than maximum 100' on property per_page"),
        ("triggerId=x", "'No enum match for: x' on property triggerId."),
        ("actionName=%ff", "'Malformed query string'."),
    )
]


@pytest.mark.parametrize(
    ("kind", "call", "body", "said"),
    [
        (kind, *case)
        for kind, cases in (("Payload", BODIES), ("Path", PATHS), ("Query", QUERIES))
        for case in cases
    ],
)
def test_a_request_is_refused_in_auth0s_words(
    sandbox: Sandbox, kind: str, call: str, body: Any, said: str
) -> None:
    method, path = call.split()
    answer = sandbox.call(method, path, body)
    refused = answer.json()
    assert (answer.status_code, refused["errorCode"]) == (400, KINDS[kind])
    assert refused["message"].startswith(f"{kind} validation error: '")
    assert said in refused["message"]


@pytest.mark.parametrize(
    ("name", "status", "values"),
    [
        ("support_email", 200, ["", "a@b.example"]),
        ("support_email", 400, ["a", "a@", "a b@c"]),
        ("picture_url", 200, ["", "http://x.example/y", "https://x"]),
        ("picture_url", 400, ["x", "/y", "http:", "http://["]),
        ("default_redirection_uri", 200, ["", "https://x/y", "HTTPS://x"]),
        ("default_redirection_uri", 400, ["http://x", "https:", "https:///y"]),
    ],
)
def test_formats_are_checked(sandbox: Sandbox, name: str, status: int, values: list[str]) -> None:
    for value in values:
        assert sandbox.call("PATCH", "/tenants/settings", {name: value}).status_code == status


def test_a_schema_comes_before_existence(sandbox: Sandbox) -> None:
    assert sandbox.call("PATCH", "/actions/actions/nope", {"x": 1}).status_code == 400
    assert sandbox.call("PATCH", "/actions/actions/nope", {}).status_code == 404


@pytest.mark.parametrize("value", ["", "%00", "é", "%E3%81%82", "a+b"])
def test_any_text_may_be_searched_for(sandbox: Sandbox, value: str) -> None:
    assert sandbox.must("GET", f"/actions/actions?actionName={value}")["actions"] == []


class TestWhatCannotBeRead:
    def put(self, sandbox: Sandbox, content: bytes, kind: str | None = "application/json") -> Any:
        headers = {} if kind is None else {"Content-Type": kind}
        return sandbox.call("PUT", "/guardian/factors/sms", content=content, headers=headers)

    @pytest.mark.parametrize(
        "content",
        [
            *(b"{", b"{'enabled': true}", b'{"enabled": "\\ud800"}', b'{"enabled": "\xff"}'),
            *(b'{"enabled": NaN}', b'{"enabled": Infinity}', b'{"enabled": 1e999}'),
            *(b'{"enabled": 1' + b"0" * 400 + b"}", b"9" * 5000, b"\x00", b"\xef\xbb\xbf{}"),
            *(b"[" * 200_000, b'{"a":' * 100_000),
        ],
        ids=range(13),
    )
    def test_malformed_json_is_a_bad_request(self, sandbox: Sandbox, content: bytes) -> None:
        answer = self.put(sandbox, content)
        assert (answer.status_code, answer.json()["message"]) == (
            400,
            "Invalid request payload JSON format",
        )
        assert sandbox.counters()["errors"] == 0

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "x"])
    def test_another_media_type_is_unsupported(self, sandbox: Sandbox, kind: str) -> None:
        assert self.put(sandbox, b'{"enabled": true}', kind).status_code == 415

    def test_a_form_is_read_as_texts(self, sandbox: Sandbox) -> None:
        form = "application/x-www-form-urlencoded"
        refused = self.put(sandbox, b"enabled=true", form)
        assert refused.json()["message"].startswith(
            "Payload validation error: 'Expected type boolean but found type string' on property"
        )
        sandbox.tenant.switch("legacy")
        answer = sandbox.call(
            "PUT",
            "/guardian/factors/sms/selected-provider",
            content=b"provider=twilio",
            headers={"Content-Type": form},
        )
        assert answer.json() == {"provider": "twilio"}

    @pytest.mark.parametrize(
        "kind", ["application/json", "Application/JSON; charset=utf-8", "application/x+json", None]
    )
    def test_json_by_any_name_is_read(self, sandbox: Sandbox, kind: str | None) -> None:
        assert self.put(sandbox, b' {"enabled": true} ', kind).json() == {"enabled": True}

    def test_a_megabyte_is_the_limit(self, sandbox: Sandbox) -> None:
        exactly = b'{"enabled":true}'.ljust(1_048_576)
        assert self.put(sandbox, exactly).status_code == 200
        answer = self.put(sandbox, exactly + b" ")
        assert answer.status_code == 413
        assert answer.json()["message"].endswith("maximum allowed: 1048576")

    def test_the_body_of_a_read_or_a_deploy_is_ignored(self, sandbox: Sandbox) -> None:
        action_id = sandbox.must("POST", "/actions/actions", POST_LOGIN_ACTION)["id"]
        for content in (b"", b"null", b"{", b"x" * 100):
            for call in (("GET", ""), ("POST", "/deploy")):
                path = f"/actions/actions/{action_id}{call[1]}"
                assert sandbox.call(call[0], path, content=content).status_code == 200


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_value_that_is_not_a_finite_number_passes_no_schema(value: float) -> None:
    with pytest.raises(ApiError):
        Body({"type": "integer"}).check(value)


def sparse(schema: dict[str, Any]) -> Iterator[Any]:
    """Bodies that a schema takes: with what it requires, and one further key at a time."""
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        yield from (body for one in choices for body in sparse(one))
    elif "enum" in schema:
        yield schema["enum"][0]
    elif schema["type"] in ("object", ["object", "null"]):
        known = schema["properties"]
        least = {name: next(sparse(known[name])) for name in schema.get("required", ())}
        yield least
        yield from ({**least, name: value} for name in known for value in sparse(known[name]))
    elif schema["type"] == "array":
        yield from ([one] for one in sparse(schema["items"]))
    elif "string" in schema["type"]:
        yield "x" * schema.get("minLength", 0)
    else:
        yield {"boolean": True}.get(schema["type"], schema.get("minimum", 1))


# The settings' hundred keys are kept as they come; nothing reads them by name.
WITH_BODY = [one for one in table.OPERATIONS if one.body and one.path != "/tenants/settings"]
WITH_ID = [one for one in table.OPERATIONS if {"id", "actionId"} & one.parameters.known.keys()]


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_no_key_that_may_be_absent_is_relied_on(sandbox: Sandbox, operation: Operation) -> None:
    assert operation.body is not None
    sandbox.must("PUT", "/guardian/factors/sms", {"enabled": True})
    action_id = sandbox.deployed(POST_LOGIN_ACTION)
    version_id = sandbox.tenant.actions.stored(action_id)["deployed_version"]
    found = {"actionId": action_id, "id": version_id}
    if "{actionId}" not in operation.path:
        found["id"] = action_id
    if operation.path.startswith("/branding/phone/providers"):
        sandbox.deployed()
        found["id"] = sandbox.must("POST", "/branding/phone/providers", CUSTOM_PROVIDER)["id"]
    if operation.path.startswith("/branding/phone/templates"):
        template = {"type": "otp_verify", "content": {"body": {"text": "t"}}}
        found["id"] = sandbox.must("POST", "/branding/phone/templates", template)["id"]
    path = concrete(operation, **found)
    for body in sparse(operation.body.schema):
        answer = sandbox.call(operation.method, path, body)
        assert answer.status_code < 500, body
        assert answer.status_code != 404, body  # it would not have been read


NOT_FOUND = {
    "/actions/actions": "That action does not exist.",
    "/actions/executions": "That execution does not exist.",
    "/branding/phone": "Notification Resource not found",
    "/logs": "The log does not exist.",
}


@pytest.mark.parametrize("operation", WITH_ID, ids=named)
def test_what_does_not_exist_is_not_found_by_any_operation(
    sandbox: Sandbox, operation: Operation
) -> None:
    *_, body = sparse(operation.body.schema) if operation.body else [None]
    answer = sandbox.call(operation.method, concrete(operation), body)
    (words,) = [said for path, said in NOT_FOUND.items() if operation.path.startswith(path)]
    assert (answer.status_code, answer.json()["message"]) == (404, words)


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a": ', "}")])
def test_no_depth_of_a_body_is_an_internal_error(before: str, after: str) -> None:
    checker = Body(obj({"a": text()}))
    for depth in range(2, sys.getrecursionlimit()):
        raw = before * depth + '"\\ud800"' + after * depth
        for body in (raw, raw.replace("\\ud800", "x")):
            with pytest.raises(ApiError):
                checker.check(decode_json(body.encode()))
