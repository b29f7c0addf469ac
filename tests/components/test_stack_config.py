"""A stack's config as a program loads it: its one secret, and the provider's way to the tenant."""

import asyncio
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config as runtime_config

from components.settings.faults import SettingsError
from components.settings.stack_config import Loaded, load
from components.tenant.tenants_file import NAME
from components.vocabulary import DeliveryMethod
from tests.components.declared import declare
from tests.components.test_settings import GOOD, without

Secret = tuple[Any, bool] | None


def handed(values: Mapping[str, Any]) -> dict[str, str]:
    """A stack's values as the engine hands them over."""
    return {
        f"phonemfa:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
    }


STACK = handed(GOOD | {"cpaasApiKey": "canary-key"})
VARIABLES = {
    "AUTH0_DOMAIN": "https://variable.example.com",
    "AUTH0_CLIENT_ID": "variable-id",
    "AUTH0_CLIENT_SECRET": "variable-secret",
    "AUTH0_API_TOKEN": "variable-token",
}
CONFIG = {
    "auth0:domain": "config.example.com",
    "auth0:clientId": "config-id",
    "auth0:clientSecret": "config-secret",
    "auth0:apiToken": "config-token",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def loaded(
    config: Mapping[str, str], secret: Collection[str] = ("cpaasApiKey",)
) -> tuple[Loaded, list[Secret]]:
    """What a program gets; of the key, the client's secret and the API token: value, is secret."""
    found: list[Loaded] = []
    secrets: list[Secret] = []

    async def look() -> None:
        of_tenant = map(found[0].tenant.secrets.get, ("client_secret", "api_token"))
        outputs: list[Any] = [found[0].cpaas_api_key, *of_tenant]
        secrets.extend([one and (await one.future(), await one.is_secret()) for one in outputs])

    def program() -> pulumi.Output[Any]:
        runtime_config.set_all_config(dict(config), [f"phonemfa:{key}" for key in secret])
        found.append(load())
        looking: Any = asyncio.ensure_future(look())
        return pulumi.Output.from_input(looking)

    try:
        declare(program, stack="dev")
    finally:
        runtime_config.set_all_config({}, [])
    return found[0], secrets


def test_values_arrive_decoded_and_the_key_is_a_secret_in_no_model_and_no_repr() -> None:
    got, secrets = loaded(STACK | handed({"deduplicate": True, "otherFactors": {"otp": True}}))
    assert got.settings.delivery_methods == {DeliveryMethod.TEXT, DeliveryMethod.VOICE}
    assert got.settings.deduplicate is True
    assert got.settings.other_factors.otp is True
    assert secrets == [("canary-key", True), None, None]
    assert "canary" not in repr(got) + got.settings.model_dump_json()


SET_IT = "pulumi config set --secret phonemfa:cpaasApiKey (the value is read from standard input)"
NO_KEY = (
    f"(not set) It is required: the Action cannot send without the CPaaS API key. Fix: {SET_IT}"
)
PLAIN_KEY = (
    "(not shown) The CPaaS API key is in the stack's file as plain text, for every reader of the "
    f"repository and its history. Fix: revoke the key at NTT CPaaS, then {SET_IT} with the new one"
)
SECRET_SETTING = (
    "(not shown) It is a secret, but only cpaasApiKey is kept as one: this value would be shown in "
    "previews and in the tenant. Fix: pulumi config rm phonemfa:smsSender; if it is a setting, set "
    "it again without --secret"
)


@pytest.mark.parametrize(
    ("values", "secret", "says"),
    [
        pytest.param(without("policy"), [], {"cpaasApiKey": NO_KEY, "policy": ""}, id="no key"),
        pytest.param(
            GOOD | {"cpaasApiKey": "canary"}, [], {"cpaasApiKey": PLAIN_KEY}, id="a plain key"
        ),
        pytest.param(
            GOOD | {"cpaasApiKey": "k", "smsSender": "canary-sender"},
            ["cpaasApiKey", "smsSender"],
            {"smsSender": SECRET_SETTING},
            id="a setting that is a secret",
        ),
    ],
)
def test_a_fault_of_a_secret_is_told_with_the_others_and_shows_none(
    values: dict[str, Any], secret: list[str], says: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="of stack dev; nothing was sent") as caught:
        loaded(handed(values), secret)
    assert {fault.key for fault in caught.value.faults} == {f"phonemfa:{one}" for one in says}
    told = " ".join(str(caught.value).split())
    assert all(f"phonemfa:{key} = {one}" in told for key, one in says.items())
    assert "canary" not in told


@pytest.mark.parametrize("key", ["", "has space", "line\nbreak", "be\x07ll", "キー"])
def test_a_key_that_cannot_be_a_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(pulumi.RunError, match="cpaasApiKey is empty, or holds") as caught:
        loaded(STACK | {"phonemfa:cpaasApiKey": key})
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("config", "source"),
    [({}, "variable"), (CONFIG, "config"), (dict.fromkeys(CONFIG, ""), "variable")],
    ids=["variables", "config first", "a config that leaves them empty"],
)
def test_the_tenant_is_reached_by_the_config_and_where_it_says_nothing_by_variables(
    config: dict[str, str], source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        if source == "variable" or name != "AUTH0_DOMAIN":
            monkeypatch.setenv(name, value)
    got, (_, *secrets) = loaded(STACK | config)
    access = got.tenant.access
    assert (access.domain, access.client_id) == (f"{source}.example.com", f"{source}-id")
    assert secrets == [(f"{source}-secret", True), (f"{source}-token", True)]


def test_two_tenants_stop_the_program_before_anything_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "variable.example.com")
    with pytest.raises(pulumi.RunError, match=r"config\.example\.com.*variable\.example\.com"):
        loaded(STACK | CONFIG)


@pytest.mark.parametrize(
    "written", ["https://x.example.com/", "x.example.com/", "x.example.com ", "http://x", "x/api"]
)
def test_a_domain_that_the_provider_cannot_use_stops_the_program_wherever_it_is_written(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    with pytest.raises(pulumi.RunError, match=r"token.*the host alone.*Nothing was written"):
        loaded(STACK | {"auth0:domain": written})
    monkeypatch.setenv("AUTH0_DOMAIN", written)
    with pytest.raises(pulumi.RunError, match="the host alone"):
        loaded(STACK)


def test_an_address_that_the_owners_did_not_name_stops_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    (tmp_path / NAME).write_text('[dev]\ntenant = "another.example.com"\n', encoding="utf-8")
    with pytest.raises(pulumi.RunError, match=r"config\.example\.com.*Nothing was written"):
        loaded(STACK | CONFIG)
    named = '[dev]\ntenant = "config.example.com"\ncpaasBaseHost = "another.example.net"\n'
    (tmp_path / NAME).write_text(named, encoding="utf-8")
    with pytest.raises(pulumi.RunError, match=r"another\.example\.net.*Nothing was written"):
        loaded(STACK | CONFIG)


@pytest.mark.parametrize(
    ("config", "variables", "client"),
    [
        (
            {"clientId", "clientAssertionPrivateKey"},
            {"AUTH0_DOMAIN"},
            "client is from clientId!, its private key from clientAssertionPrivateKey!",
        ),
        (
            {"clientId", "domain"},
            {"AUTH0_CLIENT_SECRET"},
            "client is from clientId!, its secret from AUTH0_CLIENT_SECRET",
        ),
        ({"domain"}, {"AUTH0_API_TOKEN"}, "token is from AUTH0_API_TOKEN"),
    ],
)
def test_where_each_credential_was_found_is_said_for_who_has_to_correct_it(
    config: set[str], variables: set[str], client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in variables:
        monkeypatch.setenv(name, "canary")
    got, _ = loaded(STACK | {f"auth0:{key}": "canary" for key in config})
    domain = "domain!" if "domain" in config else "AUTH0_DOMAIN"
    said = re.sub("auth0:([a-zA-Z]+) in the stack's config", r"\1!", got.tenant.origin)
    assert said == f"The {client}, the domain from {domain}."


def test_what_is_nowhere_is_empty_and_told_later_by_whoever_needs_it() -> None:
    got, (_, *secrets) = loaded(STACK)
    assert (got.tenant.access.domain, got.tenant.access.client_id) == ("", "")
    assert secrets == [None, None]


LONG = {"texts": {"otp_verify": {"text": "{{ code }} " + "認証コードです。" * 30}}}
AS_FOUND = without("cpaasBaseHost", "smsSender", adopted={"phone": {"enabled": False}})


@pytest.mark.parametrize(
    ("config", "told"),
    [
        pytest.param(STACK, [], id="nothing doubtful"),
        pytest.param(STACK | handed(LONG), ["otp_verify"], id="what a long text costs"),
        pytest.param(handed(AS_FOUND), ["adopted"], id="as it was found, which needs no key"),
    ],
)
def test_what_is_doubtful_is_a_warning(
    config: dict[str, str], told: list[str], warned: list[str]
) -> None:
    loaded(config)
    assert len(warned) == len(told)
    assert all(one in said for one, said in zip(told, warned, strict=True))


def test_sizes_count_the_code_and_the_autofill_line_of_the_stack() -> None:
    def sizes(**changes: Any) -> dict[str, int]:
        got, _ = loaded(STACK | handed(changes))
        return {kind.value: one.units for kind, one in got.sms_sizes.items()}

    plain = sizes()
    longer = sizes(oneTimeCode={"length": 10})
    line = sizes(originBoundCode="login.example.co.jp")
    assert {longer[kind] - plain[kind] for kind in plain} == {4}
    assert {line[kind] - plain[kind] for kind in plain} == {len("\n@login.example.co.jp #123456")}
