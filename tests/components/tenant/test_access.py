"""Every command, hook and the provider ask a tenant as the same client, and are refused in words.

A token is asked for when it is needed, by a clock that nobody sets.
"""

import asyncio
import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from auth0.management.core.api_error import ApiError
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from components.tenant.access import (
    VARIABLES,
    Access,
    NoAccessError,
    TenantUnreadableError,
    TwoTenantsError,
)
from components.tenant.bounded_http import BoundedClient
from components.tenant.client import WriteFailedError, ask_to_write, connect
from components.tenant.errors import PLAN, SCOPES, refused, told
from components.tenant.stack_access import TenantCallError
from components.tenant.tenants_file import (
    NAME,
    Named,
    NotNamedError,
    TenantsFile,
    read_tenants_file,
)
from components.tenant.token import NoTokenError, Tokens, scopes_of
from tests.components.conftest import At, awaited

SECRET = "canary-secret"
CLIENT = {
    "AUTH0_DOMAIN": "https://t.example.com/",
    "AUTH0_CLIENT_ID": "id",
    "AUTH0_CLIENT_SECRET": SECRET,
}
KEY = "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY"

# --- Who asks ------------------------------------------------------------------------------------


def test_the_config_goes_before_the_variables_value_by_value() -> None:
    access = Access.of(environ=CLIENT, config={"clientId": "stack-id", "audience": "https://aud/"})
    assert access.domain == "t.example.com"
    assert access.token_request() == {
        "grant_type": "client_credentials",
        "client_id": "stack-id",
        "client_secret": SECRET,
        "audience": "https://aud/",
    }


def test_an_api_token_alone_is_enough() -> None:
    access = Access.of(environ={"AUTH0_DOMAIN": "t.example.com", "AUTH0_API_TOKEN": "canary-token"})
    assert access.api_token == "canary-token"
    assert "canary" not in access.who


def test_a_signed_assertion_goes_before_the_secret_and_proves_the_client() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form_of = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(encoding, form_of, serialization.NoEncryption()).decode()
    signing = {KEY: pem, "AUTH0_CLIENT_ASSERTION_SIGNING_ALG": "RS384"}
    access = Access.of(environ=CLIENT | signing)
    form = access.token_request()
    assert "client_secret" not in form
    assert form["client_assertion_type"].endswith(":jwt-bearer")
    claims = jwt.decode(
        form["client_assertion"],
        key.public_key(),
        algorithms=["RS384"],
        audience="https://t.example.com/",
    )
    assert (claims["iss"], claims["sub"]) == ("id", "id")
    assert form["client_assertion"] != access.token_request()["client_assertion"], "used once"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "made-up"])
def test_a_key_that_does_not_sign_is_told_without_showing_it(algorithm: str) -> None:
    environ = CLIENT | {KEY: "canary-key", "AUTH0_CLIENT_ASSERTION_SIGNING_ALG": algorithm}
    access = Access.of(environ=environ)
    with pytest.raises(NoAccessError, match=KEY) as caught:
        access.token_request()
    with pytest.raises(WriteFailedError, match=KEY) as failed:
        ask_to_write(access, lambda client: client.guardian.policies.set(request=[]))
    assert "canary" not in f"{caught.value} {failed.value}"
    assert "look before repeating" not in str(failed.value), "nothing was asked"


@pytest.mark.parametrize("left_out", [[one] for one in CLIENT] + [[*CLIENT]])
def test_everything_that_is_missing_is_named_at_once(left_out: list[str]) -> None:
    with pytest.raises(NoAccessError) as caught:
        Access.of(environ={name: value for name, value in CLIENT.items() if name not in left_out})
    assert [one for one in CLIENT if one in str(caught.value)] == left_out


def test_an_encrypted_value_is_asked_for_as_its_variable() -> None:
    config: dict[str, Any] = {"domain": "t.example.com", "clientId": "id"}
    config["clientSecret"] = {"secure": "v1:canary"}
    with pytest.raises(NoAccessError, match="auth0:clientSecret") as caught:
        Access.of(environ={}, config=config)
    assert "canary" not in str(caught.value)
    variables = {"AUTH0_CLIENT_SECRET": "s"}
    assert Access.of(environ=variables, config=config).client_secret == "s"
    with pytest.raises(NoAccessError) as caught:
        Access.of(environ=variables, config=config | {"clientId": ""})
    assert "encrypted" not in str(caught.value), "its variable is set"
    empty = Access.of(
        environ=variables | {"AUTH0_CLIENT_ID": "v"}, config=config | {"clientId": ""}
    )
    assert empty.client_id == "v"


def test_two_tenants_are_an_error_that_shows_both() -> None:
    with pytest.raises(TwoTenantsError, match=r"other\.example\.com.* t\.example\.com"):
        Access.of(environ=CLIENT, config={"domain": "other.example.com"})
    assert Access.of(environ=CLIENT, config={"domain": "T.example.com"}).domain == "T.example.com"


def test_no_secret_is_in_what_is_printed() -> None:
    shown = repr(Access.of(environ={name: f"canary-{name}" for name in VARIABLES.values()}))
    for name in ("SECRET", "PRIVATE_KEY", "API_TOKEN"):
        assert not [part for part in shown.split("canary-") if name in part], shown


# --- Which tenant it may contact: secrets go to the addresses that tenants.toml names ------------

FILE = """
[dev]
tenant = "dev.jp.auth0.com"
cpaasBaseHost = "abc123.api.infobip.com"

[live]
tenant = "https://login.example.jp/"
production = true
"""


@pytest.fixture
def named(tmp_path: Path) -> TenantsFile:
    (tmp_path / NAME).write_text(FILE, encoding="utf-8")
    return read_tenants_file(tmp_path)


@pytest.mark.parametrize(
    ("stack", "domain", "host", "says"),
    [
        ("dev", "DEV.jp.auth0.com", "abc123.api.infobip.com", ""),
        ("dev", "https://dev.jp.auth0.com/", None, ""),
        ("live", "login.example.jp", None, ""),
        pytest.param("dev", "a.test", "b.test", r"'a\.test'.*'b\.test'", id="all of it at once"),
        ("live", "login.example.jp", "b.test", "names ''"),
        ("staging", "dev.jp.auth0.com", None, r"Add \[staging\]"),
    ],
)
def test_a_stack_contacts_what_is_named_for_it_and_nothing_else(
    named: TenantsFile, stack: str, domain: str, host: str | None, says: str
) -> None:
    with pytest.raises(NotNamedError, match=says) if says else nullcontext():
        named.check(stack, domain=domain, cpaas_base_host=host)


@given(st.text(alphabet="abcdev.-:/jp", min_size=1, max_size=30))
def test_no_other_domain_may(domain: str) -> None:
    file = TenantsFile(named={"dev": Named(tenant="dev.jp.auth0.com")})
    if domain.strip().removeprefix("https://").rstrip("/") in {"dev.jp.auth0.com", ""}:
        return
    with pytest.raises(NotNamedError, match="auth0:domain"):
        file.check("dev", domain=domain)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "an editor's byte order mark"])
def test_production_is_what_the_file_says(tmp_path: Path, mark: bytes) -> None:
    (tmp_path / NAME).write_bytes(mark + FILE.encode())
    assert read_tenants_file(tmp_path).production == ["live"]
    without = read_tenants_file(tmp_path / "nowhere")
    assert without.production is None
    without.check("anything", domain="anywhere.test")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[dev", "cannot be used"),
        (b"\xff\xfe", "cannot be used"),
        (b"[dev]\n", "dev.tenant"),
        (b'[dev]\ntenant = ""\n', "dev.tenant"),
        (b'[dev]\ntenant = "a.test"\nproductoin = true\n', "dev.productoin"),
        (b'dev = "a.test"\n', "dev"),
        (b"x" * (2**20 + 1), "larger than 1 MiB"),
    ],
)
def test_a_file_that_cannot_be_used_lets_nothing_through(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(NotNamedError, match=says):
        read_tenants_file(tmp_path)


# --- Its token -----------------------------------------------------------------------------------

ACCESS = Access(domain="t.example", client_id="c", client_secret=SECRET)


class Tenant:
    """Answers token requests in turn, the last one for ever, each after so many seconds."""

    def __init__(self, *answers: httpx.Response, slow: float = 0.0) -> None:
        self._answers = list(answers)
        self._slow = slow
        self.asked, self.now = 0, 1000.0

    def __call__(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.now += self._slow
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def granted(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json={"access_token": "t", "expires_in": 60, **changes})


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


def tokens(tenant: Tenant, *, of_machine: bool = False) -> Tokens:
    def http() -> BoundedClient:
        return BoundedClient(total=5, json_only=True, transport=httpx.MockTransport(tenant))

    return Tokens(ACCESS, http=http, clock=time.monotonic if of_machine else lambda: tenant.now)


@pytest.mark.parametrize(
    ("lasts", "slow", "asked"),
    [
        (60, 0.0, [1, 1, 2, 2]),
        pytest.param(60, 20.0, [1, 1, 2, 2], id="from when it was asked for"),
        pytest.param(-1, 0.0, [1, 2, 3, 4], id="one that has ended on arrival is used once"),
    ],
)
def test_a_token_is_kept_until_shortly_before_its_end(
    lasts: int, slow: float, asked: list[int]
) -> None:
    tenant = Tenant(granted(expires_in=lasts), slow=slow)
    source = tokens(tenant)
    for tenant.now, times in zip((1000.0, 1049.0, 1050.0, 1099.0), asked, strict=True):
        assert source.get() == "t"
        assert tenant.asked == times


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_clock_that_is_put_right_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    tenant = Tenant(granted())
    source = tokens(tenant, of_machine=True)
    source.get()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jump)
    source.get()
    assert tenant.asked == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_refusal_for_now_is_repeated_and_the_waits_are_bounded(
    status: int, pauses: list[float]
) -> None:
    assert tokens(Tenant(httpx.Response(status), granted())).get() == "t"
    tenant = Tenant(httpx.Response(status))
    with pytest.raises(NoTokenError, match=str(status)):
        tokens(tenant).get()
    assert tenant.asked == 3
    assert sum(pauses) < 10


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, json={"error_description": f"wrong: {SECRET}"}),
        httpx.Response(403, json=[SECRET]),
        httpx.Response(200),
        httpx.Response(200, json=[SECRET]),
        granted(access_token=[SECRET]),
        granted(access_token=""),
        granted(expires_in=None),
        granted(expires_in="soon"),
        granted(expires_in=True),
        granted(expires_in=10**400),
        granted(expires_in="nan"),
        granted(expires_in="Infinity"),
    ],
)
def test_an_answer_without_a_token_is_told_once_and_without_the_secret(
    answer: httpx.Response,
) -> None:
    tenant = Tenant(answer)
    with pytest.raises(NoTokenError, match="refused a token for client c") as failed:
        tokens(tenant).get()
    assert tenant.asked == 1
    assert SECRET not in str(failed.value)


def test_threads_that_ask_at_the_same_time_cost_one_token() -> None:
    tenant = Tenant(granted())
    source = tokens(tenant)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: source.get(), range(50))) == {"t"}
    assert tenant.asked == 1


def test_the_hooks_of_a_run_share_a_token(at: At) -> None:
    access = at.access

    async def hook() -> None:
        async with access.connect() as client:
            await client.guardian.policies.list()

    async def run() -> None:
        await asyncio.gather(hook(), hook())
        await hook()

    with at.control() as control:
        awaited(run())
        log = control.get("/requests").json()["requests"]
    assert [one["path"] for one in log].count("/oauth/token") == 1


@pytest.mark.parametrize(
    ("status", "error", "description", "fix"),
    [
        (401, "access_denied", "Unauthorized", "AUTH0_CLIENT_SECRET"),
        (401, "invalid_client", "Client authentication failed", "AUTH0_CLIENT_SECRET"),
        (403, "unauthorized_client", "Grant type 'client_credentials' not allowed", "Grant Types"),
        (403, "access_denied", 'Client is not authorized to access "x".', "authorise this"),
        (403, "access_denied", "Service not found: https://x/api/v2/", "custom domain"),
        (403, "access_denied", "Service not enabled within domain: x", "custom domain"),
        (429, "too_many_requests", "Client quota exceeded", "Wait"),
        (404, "", "", "is that the tenant?"),
    ],
)
def test_each_refusal_has_its_own_fix(status: int, error: str, description: str, fix: str) -> None:
    body = {"error": error, "error_description": description}
    with pytest.raises(NoTokenError) as failed:
        tokens(Tenant(httpx.Response(status, json=body))).get()
    assert fix in failed.value.fix
    signs = Tokens(replace(ACCESS, client_assertion_private_key="k"))
    assert KEY in signs._fix(401, None, ""), "and not the secret"


def token_of(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


@pytest.mark.parametrize(
    ("answer", "scopes"),
    [
        ({"access_token": "opaque", "scope": "read:a update:a"}, {"read:a", "update:a"}),
        ({"access_token": "opaque", "scope": ""}, set()),
        ({"access_token": token_of(scope="read:a")}, {"read:a"}),
        ({"access_token": token_of(scope="read:a"), "scope": "read:b"}, {"read:b"}),
        ({"access_token": token_of(sub="x")}, None),
        ({"access_token": "opaque"}, None),
        ({"access_token": "a.b.c"}, None),
        ({"access_token": "e30.WzFd.sig"}, None),
    ],
)
def test_scopes_come_from_the_answer_then_from_the_token_and_else_are_unknown(
    answer: dict[str, Any], scopes: set[str] | None
) -> None:
    assert scopes_of(answer) == scopes
    source = tokens(Tenant(granted(**answer)))
    source.get()
    assert source.scopes == scopes


# --- What a refusal says -------------------------------------------------------------------------

OF_A_PLAN = (
    "feature_not_enabled",
    "hooks_not_allowed",
    "insufficient_entitlement",
    "not_entitled",
    "voice_mfa_not_allowed",
)
OF_SCOPE = "insufficient_scope"
BAD_HEADER = "Bad HTTP authentication header format"


def refusal(status: int = 403, /, **body: Any) -> ApiError:
    return ApiError(status_code=status, body={"statusCode": status, "message": "No."} | body)


NO_WORDS = ("+819012345678", "sk_live ABC", 7, None, "x" * 99)
ADDRESS = "check auth0:domain or AUTH0_DOMAIN."
DISABLED = "This endpoint is disabled for your tenant."


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        *(
            (403, {key: code}, f"403 Forbidden {code}: No. {PLAN}")
            for key in ("errorCode", "error_code")
            for code in OF_A_PLAN
        ),
        (403, {"message": DISABLED}, f"403 Forbidden: {DISABLED} {PLAN}"),
        (403, {"errorCode": OF_SCOPE}, f"403 Forbidden {OF_SCOPE}: No. {SCOPES}"),
        (404, {"errorCode": "not_entitled"}, "404 Not Found not_entitled: No."),
        (302, {}, f"302 Found: No. A tenant does not redirect: {ADDRESS}"),
        # A code that is no word is not repeated.
        *((403, {"errorCode": one}, f"403 Forbidden: No. {SCOPES}") for one in NO_WORDS),
    ],
)
def test_what_the_plan_lacks_is_told_from_what_a_scope_brings(
    status: int, body: dict[str, Any], words: str
) -> None:
    assert refused("t", refusal(status, **body)) == f"t answered {words}"


@pytest.mark.parametrize("body", [["No."], "No.", None], ids=str)
def test_a_refusal_that_is_no_object_has_no_words_of_its_own(body: Any) -> None:
    assert (
        refused("t", ApiError(status_code=404, body=body))
        == "t answered 404 Not Found: no message."
    )


@pytest.mark.parametrize(
    ("status", "message", "is_of_token"),
    [(401, "No.", True), (400, BAD_HEADER, True), (400, "No.", False), (403, BAD_HEADER, False)],
)
def test_a_token_that_is_not_taken_is_told_with_where_it_was_found(
    status: int, message: str, is_of_token: bool
) -> None:
    words = told("t", refusal(status, message=message), origin="The token is from HERE.")
    assert ("HERE" in words) is ("The token has ended" in words) is is_of_token


@pytest.mark.parametrize(
    "key",
    [
        "003026bbc133714df1834b8638bb496e-8f4b3d9a",
        "App 0123456789",
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_a_key_that_the_tenant_repeats_is_not_told(key: str) -> None:
    message = f"Payload validation error: 'String does not match: {key}' (from)"
    assert key.rpartition(" ")[2] not in refused("t", refusal(400, message=message))


def test_a_hook_says_it(at: At) -> None:
    async def ask() -> None:
        async with at.access.connect():
            raise refusal(errorCode="not_entitled")

    with pytest.raises(TenantCallError, match=r"not_entitled.*plan does not have this"):
        awaited(ask())


@pytest.mark.parametrize("access", [ACCESS, replace(ACCESS, api_token="t")])
def test_a_tenant_is_asked_while_every_thread_of_the_loop_waits(access: Access) -> None:
    """In a Pulumi program they may wait for a resource that waits for the hook that asks."""
    free = threading.Event()

    async def ask() -> None:
        asyncio.get_running_loop().set_default_executor(one := ThreadPoolExecutor(1))
        one.submit(free.wait)
        nobody = replace(access, domain="localhost:1")
        try:
            async with asyncio.timeout(20), connect(nobody) as tenant:
                await tenant.guardian.policies.list()
        finally:
            free.set()

    with pytest.raises(TenantUnreadableError, match="Connection refused"):
        asyncio.run(ask())
