"""Whatever schemathesis thinks of, over real TLS: no 500, no status or shape that is not published.

Requests are generated from the contract's OpenAPI, valid ones and broken ones, with a fixed seed.
Where recordings contradict the document, the recordings win; those places are listed.
"""

import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from sandbox.tenant.context import Page
from sandbox.tenant.settings import Generation
from sandbox.web.bodies import MAX_BYTES
from tests.end_to_end.targets import Target
from tests.sandbox.api import live, openapi
from tests.sandbox.api.live import Live
from tests.sandbox.api.support import CUSTOM_PHONE_ACTION, CUSTOM_PROVIDER
from tests.sandbox.api.test_openapi import STATUS_EXCEPTIONS

pytestmark = pytest.mark.fidelity

DEVIATIONS = (
    (r".*", r".*'current_version' was unexpected.*", "in every recorded Action (§4.1)"),
    (r".*templates.*", r".*'created_at', 'updated_at' were unexpected.*", "recorded (§5.2)"),
    (r".*providers.*", r"'credentials' is a required property", "recorded in lists only (§5.1)"),
    (r"GET /branding/phone/providers", r".*'credentials' was unexpected.*", "there null (§5.1)"),
    (
        r"GET /branding/phone/templates",
        r"'' (should be non-empty|is too short)",
        "a sender is recorded empty in defaults (§5.2)",
    ),
    (r"GET /actions/triggers", r"'mcp-tool' is not one of .*", "in the recorded catalogue (§4.11)"),
    (r".*tenants/settings", r".*'universal_login' was unexpected.*", "recorded (§3.1)"),
    (r".*tenants/settings", r".*allow_other_legacy_grant_types.*", "recorded flags (§3.1)"),
)
"""Where recorded answers contradict the document, by operation and violation; they win."""


def is_known(operation: str, violation: str) -> bool:
    """Whether a violation of the document is one of DEVIATIONS."""
    return any(
        re.fullmatch(where, operation) and re.fullmatch(what, violation, re.DOTALL)
        for where, what, _ in DEVIATIONS
    )


EXAMPLES = 6
"""Requests an operation, a mode and a generation."""

TEMPLATE = {"type": "otp_verify", "content": {"body": {"text": "t"}}}
UNPUBLISHED: dict[tuple[str, str, int], str] = {
    **{(*key, 200): reason for key, reason in STATUS_EXCEPTIONS.items()},
    ("DELETE", "/branding/phone/providers/{id}", 400): (
        "an id longer than the 255 characters of the parameter's own schema"
    ),
    **{
        (*key, 404): "an id that is not there: recorded for the Action itself (§4.5)"
        for key in (
            ("POST", "/actions/actions/{actionId}/versions/{id}/deploy"),
            ("POST", "/actions/actions/{id}/deploy"),
            ("POST", "/actions/actions/{id}/test"),
            ("GET", "/actions/actions/{actionId}/versions"),
            ("PATCH", "/branding/phone/templates/{id}/reset"),
        )
    },
}
"""Statuses that the document does not have for an operation, each with its reason."""


def reason_of_status(method: str, path: str, status: int) -> str | None:
    """Why an answer may have a status that its operation does not list."""
    if status == 409 and path.startswith("/guardian/factors/phone/message-types"):
        return "documented in prose only: message types beyond the delivery methods (§6.4)"
    if status == 403:
        return "legacy_mfa_phone_provider_not_allowed, reported by users (§6.6)"
    if status == 204 and path.endswith("/templates"):
        return "recorded before anything was written (§6.5)"
    return UNPUBLISHED.get((method, path, status))


class Fuzzed:
    """One server, and what it answered."""

    def __init__(self, server: Live) -> None:
        self.server, own = server, server.tenant.credentials
        target = Target(
            domain=server.domain,
            client_id=own.client_id,
            client_secret=own.client_secret,
            ca_file=server.ca_file,
        )
        self.http, self.headers = target.http, {"Authorization": f"Bearer {target.token}"}
        self.statuses: Counter[int] = Counter()

    def new_tenant(self, generation: Generation) -> dict[str, dict[str, str]]:
        """A tenant with one of everything; answers the path parts that exist, by path's family."""
        tenant = self.server.tenant
        tenant.reset(generation)
        action = tenant.versions.create(CUSTOM_PHONE_ACTION | {"deploy": True})
        version = tenant.versions.listing(action["id"], Page())["versions"][0]["id"]
        provider = tenant.providers.create(dict(CUSTOM_PROVIDER))["id"]
        template = tenant.templates.create(dict(TEMPLATE))["id"]
        return {
            "/actions/actions/{id}": {"id": action["id"]},
            "/actions/actions/{actionId}": {"actionId": action["id"], "id": version},
            "/branding/phone/providers": {"id": provider},
            "/branding/phone/templates": {"id": template},
        }

    def send(self, case: Case[Any]) -> httpx.Response:
        """Send a generated case as it is."""
        wire = case.as_transport_kwargs(base_url=f"{self.server.url}/api/v2")
        wire.pop("cookies", None)
        body = {key: wire[key] for key in ("json", "data", "files") if wire.get(key) is not None}
        data = body.pop("data", None)
        if data is not None:
            body["content" if isinstance(data, str | bytes) else "data"] = data
        return self.http.request(
            wire["method"],
            wire["url"],
            params=wire.get("params"),
            headers={**(wire.get("headers") or {}), **self.headers},
            **body,
        )

    def judge(self, case: Case[Any], answer: httpx.Response) -> None:
        """Compare an answer with the document."""
        method, path = case.method.upper(), case.operation.path
        status = answer.status_code
        self.statuses[status] += 1
        what = f"{method} {path} {answer.request.url} {answer.request.content!r}: {answer.text}"
        assert status < 500, what
        published = openapi.operations()[method, path]
        documented = str(status) in published["responses"]
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            # A bound of the server before any operation: the document has none for bodies.
            assert len(answer.request.content) > MAX_BYTES, what
            return
        assert documented or reason_of_status(method, path, status), f"{status} unpublished: {what}"
        if status >= 400:
            envelope = answer.json()
            assert set(envelope) - {"errorCode"} == {"statusCode", "error", "message"}, what
            assert envelope["statusCode"] == status, what
            return
        # Also where there is no body: each of the contract's recorded 204s has it.
        assert answer.headers["content-type"] == "application/json; charset=utf-8", what
        assert (status == HTTPStatus.NO_CONTENT) == (answer.content == b""), what
        names = ("limit", "remaining", "reset")
        assert all(answer.headers[f"x-ratelimit-{name}"].isdigit() for name in names), what
        key = str(status)
        if not documented:
            key = next(one for one in published["responses"] if one.startswith("2"))
        schema = openapi.answer_schema(published, key)
        if schema is not None and answer.content:
            for error in openapi.validator(schema).iter_errors(answer.json()):
                known = is_known(f"{method} {path}", error.message)
                assert known, f"{error.message}: {what}"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with live.serve(tmp_path_factory.mktemp("fuzz")) as server:
        fuzzing = Fuzzed(server)
        yield fuzzing
        fuzzing.http.close()


SCHEMA = schemathesis.openapi.from_dict(openapi.document())
OPERATIONS = {
    f"{one.ok().method.upper()} {one.ok().path}": one.ok()
    for one in SCHEMA.get_all_operations()
    if isinstance(one, Ok)
}


def test_every_operation_of_the_document_is_fuzzed() -> None:
    published = {f"{method} {path}" for method, path in openapi.operations()}
    assert set(OPERATIONS) == published


@pytest.mark.parametrize("generation", ["unified", "legacy"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_stays_within_its_document(
    fuzzed: Fuzzed, name: str, generation: Generation
) -> None:
    operation = OPERATIONS[name]
    existing = fuzzed.new_tenant(generation)
    known = next((ids for path, ids in existing.items() if operation.path.startswith(path)), {})
    assert known or "{id}" not in operation.path or "executions" in operation.path

    def fuzz(mode: GenerationMode) -> None:
        @seed(20260731)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
        def run(case: Case[Any], real: bool) -> None:
            if real:
                case.path_parameters = {**(case.path_parameters or {}), **known}
            fuzzed.judge(case, fuzzed.send(case))

        run()

    fuzz(GenerationMode.POSITIVE)
    if operation.body or operation.query or operation.path_parameters:
        fuzz(GenerationMode.NEGATIVE)


def test_the_fuzzing_met_acceptance_and_refusal(fuzzed: Fuzzed) -> None:
    fuzzed.new_tenant("unified")
    strategy = OPERATIONS["PUT /guardian/factors/{name}"].as_strategy()

    @seed(1)
    @settings(max_examples=20, database=None, phases=[Phase.generate])
    @given(case=strategy)
    def run(case: Case[Any]) -> None:
        fuzzed.judge(case, fuzzed.send(case))

    before = fuzzed.statuses.copy()
    run()
    seen = fuzzed.statuses - before
    assert seen[200] > 0, seen
    counters = fuzzed.http.get("/_sandbox/health").json()["counters"]
    assert counters["errors"] == 0
