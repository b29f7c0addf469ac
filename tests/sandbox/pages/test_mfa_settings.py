"""The whole way under a tenant's MFA settings: page, cookie, Action and phone; no Chromium."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from sandbox.server.running import RunningSandbox
from tests.sandbox.pages.steps import NUMBER, TYPED, like_an_up, received

BOX = re.compile(r'<input type="checkbox" name="remember"[^>]*>')


@pytest.fixture(autouse=True)
def applied(sandbox: RunningSandbox) -> Iterator[None]:
    like_an_up(sandbox)
    yield
    sandbox.parts.cpaas.reset()


@pytest.fixture
def person(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with a_browser(sandbox) as client:
        yield client


def a_browser(sandbox: RunningSandbox) -> httpx.Client:
    url = sandbox.pages_url
    headers = {"origin": url, **sandbox.control_headers}
    return httpx.Client(base_url=url, headers=headers, follow_redirects=True, trust_env=False)


def begun(person: httpx.Client, name: str) -> httpx.Response:
    return person.post("/login", data={"name": name})


def at_the_code(person: httpx.Client, name: str) -> httpx.Response:
    """The page that asks a user, new or known, for the code that was sent."""
    page = begun(person, name)
    if "Enrol a phone" in page.text:
        return person.post(f"{page.url}/enrol", data={"number": TYPED, "method": "text"})
    return person.post(f"{page.url}/send", data={"method": "text"})


def entered(person: httpx.Client, page: httpx.Response, code: str, **more: str) -> httpx.Response:
    login = str(page.url).removesuffix("/code")
    return person.post(f"{login}/code", data={"code": code, **more})


def remembering(sandbox: RunningSandbox, **changes: bool) -> None:
    settings = sandbox.parts.tenant.mfa_settings
    settings.write_remembering(settings.remembering() | changes)


@pytest.mark.parametrize("digits", [4, 10])
@pytest.mark.parametrize("way", ["text", "voice"])
def test_a_code_of_any_length_reaches_the_phone_and_is_read_there(
    sandbox: RunningSandbox, person: httpx.Client, digits: int, way: str
) -> None:
    sandbox.parts.tenant.mfa_settings.write_codes(
        "phone", {"otp_length": digits, "otp_expiration_time": 30}
    )
    page = begun(person, f"{way} of {digits}")
    page = person.post(f"{page.url}/enrol", data={"number": TYPED, "method": way})
    assert f"{digits} digits, valid for 30 seconds" in page.text
    assert "Valid for 30 seconds" in page.text
    code = received(sandbox, NUMBER)
    assert len(code) == digits
    assert "is logged in" in entered(person, page, code).text


def test_a_ticked_browser_is_let_in_and_another_is_asked(
    sandbox: RunningSandbox, person: httpx.Client
) -> None:
    page = at_the_code(person, "Ticks")
    assert "checked" not in BOX.findall(page.text)[0]
    fault = entered(person, page, "wrong", remember="yes")
    assert "checked" in BOX.findall(fault.text)[0], "what was ticked stays so"
    assert not person.cookies
    page = entered(person, page, received(sandbox), remember="yes")
    assert "This browser is remembered" in page.text
    again = html.unescape(begun(person, "Ticks").text)
    assert "is logged in" in again
    assert "this browser is remembered: without another login it is asked again in 7 days" in again
    with a_browser(sandbox) as other:
        assert "Get a code" in begun(other, "Ticks").text
    assert "Enrol a phone" in begun(person, "Somebody else").text


def test_the_box_is_ticked_at_first_or_hidden_as_the_settings_say(
    sandbox: RunningSandbox, person: httpx.Client
) -> None:
    remembering(sandbox, remember_me_default_value=True)
    page = at_the_code(person, "By default")
    assert "checked" in BOX.findall(page.text)[0]
    fault = entered(person, page, "wrong")
    assert "checked" not in BOX.findall(fault.text)[0], "what was unticked stays so"
    remembering(sandbox, display_remember_me_checkbox=False)
    assert BOX.findall(person.get(page.url).text) == []
    entered(person, page, received(sandbox), remember="yes")
    assert not person.cookies
    assert "Get a code" in begun(person, "By default").text
