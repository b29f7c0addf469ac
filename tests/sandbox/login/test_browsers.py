"""A browser that is remembered is not asked again, for as long as /guardian/settings say."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.login.users import BROWSERS
from tests.sandbox.login.world import LoginWorld

HOUR = 3_600
BROWSER = "a-cookie"


def remembering(world: LoginWorld, **changes: Any) -> None:
    settings = world.tenant.mfa_settings.remembering() | {
        "mfa_session_inactivity_timeout": 2 * HOUR,
        "mfa_session_overall_timeout": 5 * HOUR,
    }
    world.tenant.mfa_settings.write_remembering(settings | changes)


def ticked(world: LoginWorld, *, remember: bool = True) -> bool:
    """A login of an enrolled user in the browser, box ticked or not; whether it is remembered."""
    login = world.send(world.desk.begin("Hanako", confidence="low"))
    code = world.newest(login)
    login = world.desk.enter(login.id, code, browser=BROWSER, remember=remember)
    return login.is_remembered


def step(world: LoginWorld, browser: str = BROWSER, name: str = "Hanako") -> str:
    return world.desk.begin(name, browser=browser, confidence="low").decision.step


@pytest.fixture
def world() -> LoginWorld:
    world = LoginWorld()
    remembering(world)
    world.enrolled()
    return world


def test_only_the_ticked_browser_is_remembered_and_only_for_its_user(world: LoginWorld) -> None:
    ticked(world, remember=False)
    assert step(world) == "challenge"
    ticked(world)
    world.enrolled("Taro")
    assert step(world) == "in"
    assert step(world, browser="another") == "challenge"
    assert step(world, browser="") == "challenge"
    assert step(world, name="Taro") == "challenge"
    assert BROWSER not in str(world.tenant.export()), "an export is no way in"


def test_it_is_asked_again_when_unused_for_long_or_known_for_longer(
    world: LoginWorld,
) -> None:
    ticked(world)
    world.wait(2 * HOUR)
    assert step(world) == "challenge"
    ticked(world)
    for _ in range(4):
        assert step(world) == "in", "ticked anew, it begins anew"
        world.wait(1.25 * HOUR)
    assert step(world) == "challenge"


def test_an_enrolment_is_remembered_and_forgotten_with_its_phone(world: LoginWorld) -> None:
    login = world.enrol(world.desk.begin("Taro"))
    user = world.desk.enter(login.id, world.newest(login), browser=BROWSER, remember=True).user
    assert step(world, name="Taro") == "in"
    world.desk.forget_phone(user.id)
    login = world.enrol(world.desk.begin("Taro", browser=BROWSER))
    world.desk.enter(login.id, world.newest(login))
    assert step(world, name="Taro") == "challenge"


def test_it_outlives_the_process_and_not_a_reset(world: LoginWorld) -> None:
    ticked(world)
    world.desk = world.a_desk()
    assert step(world) == "in"
    world.tenant.load(world.tenant.export())
    assert step(world) == "in"
    world.tenant.reset()
    assert world.store.all(BROWSERS) == []


def test_the_checkbox_is_shown_and_ticked_as_the_settings_say(world: LoginWorld) -> None:
    login = world.send(world.desk.begin("Hanako"))
    for settings, expected in (
        ({}, False),
        ({"remember_me_default_value": True}, True),
        ({"display_remember_me_checkbox": False}, None),
    ):
        remembering(world, **settings)
        assert world.desk.remember_me(login) is expected


def test_without_the_checkbox_nobody_is_remembered(
    world: LoginWorld,
) -> None:
    ticked(world)
    remembering(world, display_remember_me_checkbox=False)
    assert step(world) == "challenge"
    ticked(world)
    assert step(world) == "challenge"


def hidden(world: LoginWorld) -> None:
    remembering(world, display_remember_me_checkbox=False, remember_me_default_value=True)
    ticked(world, remember=False)


def shortened(world: LoginWorld) -> None:
    ticked(world)
    remembering(world, mfa_session_inactivity_timeout=HOUR)
    world.wait(1.5 * HOUR)


def adaptive(world: LoginWorld) -> None:
    world.tenant.guardian.set_policies(["confidence-score"])
    ticked(world)


@pytest.mark.parametrize(
    ("met", "assumption", "asks", "lets_in"),
    [
        (hidden, "hidden_checkbox", "asked", "default"),
        (shortened, "remembered_browser_held_to", "now", "ticked"),
        (adaptive, "adaptive_on_remembered_browser", "asked", "let_in"),
    ],
)
def test_what_nobody_established_of_remembered_browsers_is_an_assumption(
    world: LoginWorld, met: Callable[[LoginWorld], None], assumption: str, asks: str, lets_in: str
) -> None:
    for answer, expected in ((asks, "challenge"), (lets_in, "in")):
        world.desk = world.a_desk(**{assumption: answer})
        remembering(world)
        met(world)
        assert step(world) == expected


@pytest.mark.parametrize(
    "changes", [{"since": "yesterday"}, {"seen": None}, {"overall": "9"}, {"other": 1}, {"user": 1}]
)
def test_what_is_imported_remembers_nobody(world: LoginWorld, changes: dict[str, Any]) -> None:
    ticked(world)
    content = world.tenant.export()
    (key,) = content[BROWSERS]
    content[BROWSERS][key] |= changes
    world.tenant.load(content)
    assert step(world) == "challenge"
