"""A login from its name to its end."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.login.refusals import LoginRefusedError
from sandbox.login.sessions import KEPT, KEPT_MESSAGES, Login
from sandbox.login.users import COLLECTION
from sandbox.login.users import KEPT as KEPT_USERS
from sandbox.runner.runner import ActionOutcome
from sandbox.tenant import Generation
from tests.sandbox.login.world import NUMBER, LoginWorld
from tests.sandbox.notifications.fakes import no_provider

DROP = ActionOutcome("drop", "CPaaS refused: REJECTED 12 NOT_ENOUGH_CREDITS")
THROW = ActionOutcome("error", "Error: CPaaS answered 401")


def refused(step: Callable[..., Any], *given: Any, **named: Any) -> str:
    """The kind of refusal that a step meets."""
    with pytest.raises(LoginRefusedError) as caught:
        step(*given, **named)
    return caught.value.kind


def test_a_user_enrols_a_phone_and_is_challenged_at_it_from_then_on(world: LoginWorld) -> None:
    login = world.enrol(world.desk.begin("Hanako", locale="ja"), "090-1234-5678", "voice")
    assert (login.stage, login.phone) == ("code", NUMBER)
    (sent,) = login.deliveries
    assert (sent.message_type, sent.delivery_method, sent.locale) == ("otp_enroll", "voice", "ja")
    assert not login.user.is_enrolled, "a phone is enrolled by its code, not by its number"
    assert world.desk.enter(login.id, world.newest(login)).stage == "in"

    again = world.desk.begin(" Hanako ")
    assert (again.stage, again.phone, again.method) == ("challenge", NUMBER, "voice")
    (sent,) = world.send(again).deliveries
    assert (sent.message_type, sent.delivery_method) == ("otp_verify", "text")
    world.desk.enter(again.id, world.newest(again))
    assert world.desk.begin("Hanako").method == "voice", "as it was enrolled"

    world.desk.forget_phone(login.user.id)
    assert world.desk.begin("Hanako").stage == "enrol"


def test_texts_and_actions_see_who_logs_in_and_so_does_the_log(world: LoginWorld) -> None:
    body = {"text": "{{ user.name }}: {{ code }}", "voice": "{{ code }}"}
    world.tenant.templates.create({"type": "otp_enroll", "content": {"body": body}})
    login = world.enrol(world.desk.begin("花子"))
    assert login.deliveries[0].text == "花子: 000001"
    event = world.runner.calls[-1]["event"]
    assert (event["user"]["name"], event["user"]["user_id"]) == ("花子", login.user.id)
    assert event["notification"]["code"] not in json.dumps(event["user"])
    (entry,) = [one for one in world.store.all("logs") if one["type"] == "gd_send_sms"]
    assert entry["user_id"] == login.user.id


def test_a_code_is_taken_however_it_is_typed_and_another_is_not(world: LoginWorld) -> None:
    login = world.challenged()
    assert [refused(world.desk.enter, login.id, one) for one in ("99", " ")] == ["wrong"] * 2
    assert world.desk.tries_left(login).left == 9, "an empty field is no try"
    assert world.desk.enter(login.id, "０００ ０02").stage == "in"


def test_a_code_expires_when_it_was_to_whatever_the_tenant_says_since(world: LoginWorld) -> None:
    world.codes(seconds=60)
    login = world.challenged()
    world.codes(seconds=300)
    world.wait(59)
    assert world.desk.seconds_left(login) == 1
    world.wait(1)
    assert refused(world.desk.enter, login.id, world.newest(login)) == "expired"
    world.send(login)
    world.codes(seconds=60)
    world.wait(299)
    assert world.desk.enter(login.id, world.newest(login)).stage == "in"


def test_a_code_works_once(world: LoginWorld) -> None:
    login = world.challenged()
    code = world.newest(login)
    world.desk.enter(login.id, code)
    assert refused(world.desk.enter, login.id, code) == "used"
    another = world.send(world.desk.begin("Hanako"))
    assert refused(world.desk.enter, another.id, code) == "used"
    others = world.challenged("Taro")
    assert refused(world.desk.enter, others.id, code) == "wrong", "used by somebody else"


def test_ten_wrong_codes_are_too_many_and_then_ten_an_hour(world: LoginWorld) -> None:
    world.codes(seconds=3_600)
    login = world.challenged()
    kinds = [refused(world.desk.enter, login.id, "x") for _ in range(11)]
    assert kinds == ["wrong"] * 10 + ["too_many"]
    assert refused(world.desk.enter, login.id, world.newest(login)) == "too_many"
    another = world.send(world.desk.begin("Hanako"))
    assert refused(world.desk.enter, another.id, world.newest(another)) == "too_many"
    world.wait(359)
    assert world.desk.tries_left(login).left == 0
    world.wait(1)
    assert world.desk.enter(login.id, world.newest(login)).stage == "in"


def test_what_a_resend_makes_of_the_code_before_are_assumptions(world: LoginWorld) -> None:
    login = world.challenged()
    earlier = world.newest(login)
    assert world.newest(world.send(login)) != earlier
    assert refused(world.desk.enter, login.id, earlier) == "earlier"
    world = LoginWorld(earlier_code="accepted")
    login = world.challenged()
    earlier = world.newest(login)
    assert world.desk.enter(world.send(login).id, earlier).stage == "in"

    world = LoginWorld(resent_code="same")
    login = world.challenged()
    code = world.newest(login)
    assert world.newest(world.send(login)) == code
    first, second = (call["event"] for call in world.runner.calls[-2:])
    assert first == second, "the same notification: what `deduplicate` suppresses"
    assert world.desk.enter(login.id, code).stage == "in"
    expired = world.send(world.desk.begin("Hanako"))
    code = world.newest(expired)
    world.wait(300)
    assert world.newest(world.send(expired)) != code, "what has expired is not sent again"


def test_a_user_gets_ten_codes_a_channel_and_then_one_an_hour(world: LoginWorld) -> None:
    login = world.challenged()
    for _ in range(8):
        world.send(login)
    left = [world.desk.codes_left(login, way).left for way in ("text", "voice")]
    assert left == [0, 10]
    code = world.newest(login)
    delivery = world.send(login).last
    assert delivery is not None
    assert (delivery.outcome, delivery.code) == ("not_sent", None)
    assert "the next may be sent at 13:00" in (delivery.reason or "")
    assert "limit_phone" in {one["type"] for one in world.store.all("logs")}
    for _ in range(KEPT_MESSAGES):
        last = world.send(login).last
    assert len(login.deliveries) == KEPT_MESSAGES, "asking again and again fills no memory"
    assert (last, len(login.issued)) == (login.deliveries[-1], 9), "one enrolled the phone"
    assert world.desk.enter(login.id, code).stage == "in", "the code before it still works"
    world.wait(3600)
    assert world.desk.codes_left(login, "text").left == 1


def test_enrolments_are_limited_as_documented(world: LoginWorld) -> None:
    for number in range(10):
        world.enrol(world.desk.begin(f"user {number}"))
    late = world.desk.begin("late")
    assert refused(world.enrol, late) == "enrolling"
    world.wait(12)
    assert world.enrol(late).stage == "code"
    assert refused(world.enrol, world.desk.begin("later")) == "enrolling"


def test_what_an_action_drops_leaves_the_person_waiting_for_a_code(world: LoginWorld) -> None:
    world.runner.outcomes = [DROP]
    login = world.enrol(world.desk.begin("Hanako"))
    assert login.stage == "code", "no Action of the unified experience can tell them"
    assert login.last is not None
    assert (login.last.outcome, login.last.reason) == ("drop", DROP.reason)
    assert not world.desk.is_told(login.last)


@pytest.mark.parametrize(
    ("generation", "reason"),
    [("legacy", str(THROW.reason)), ("unified", "the tenant has no phone provider")],
)
def test_what_was_not_sent_is_told_and_leads_nowhere(generation: Generation, reason: str) -> None:
    world = LoginWorld(generation)
    if generation == "legacy":
        world.runner.outcomes = [THROW]
    else:
        no_provider(world.tenant)
    login = world.enrol(world.desk.begin("Hanako"))
    assert (login.stage, login.issued) == ("enrol", [])
    assert login.last is not None
    assert (login.last.reason, world.desk.is_told(login.last)) == (reason, True)
    if generation == "legacy":
        assert world.enrol(login).stage == "code", "the person can try again"


def test_a_message_that_breaks_off_bars_no_other(
    world: LoginWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = world.desk.begin("Hanako")

    async def broken(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(world.service, "challenge", broken)
        with pytest.raises(OSError, match="No space"):
            world.enrol(login)
    assert world.enrol(login).stage == "code"


def test_a_code_sent_to_another_phone_enrols_nothing() -> None:
    world = LoginWorld(earlier_code="accepted")
    login = world.enrol(world.desk.begin("Hanako"), "+819000000000")
    of_the_other = world.newest(login)
    world.desk.another_phone(login.id)
    world.enrol(login)
    assert refused(world.desk.enter, login.id, of_the_other) == "wrong"
    assert world.desk.enter(login.id, world.newest(login)).user.phone == NUMBER


def test_steps_out_of_order_and_hidden_channels_are_refused(world: LoginWorld) -> None:
    world.tenant.guardian.set_message_types(["sms"])
    login = world.desk.begin("Hanako")
    assert [
        refused(world.send, login),
        refused(world.desk.enter, login.id, "1"),
        refused(world.desk.another_phone, login.id),
        refused(world.enrol, login, NUMBER, "voice"),
        refused(world.enrol, login, NUMBER, "pigeon"),
        refused(world.enrol, login, "12"),
        refused(world.desk.get, "nobody"),
    ] == ["step", "step", "step", "channel", "channel", "number", "unknown"]
    assert world.runner.calls == []
    wrong = world.enrol(login, "+819000000000")
    assert world.desk.another_phone(wrong.id).stage == "enrol"
    assert world.enrol(login).phone == NUMBER
    assert refused(world.desk.another_phone, world.challenged("Taro").id) == "step"


@pytest.mark.parametrize("name", ["", " \u3000", "a" * 65, "two\nlines", "nul\0"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    assert refused(LoginWorld().desk.begin, name) == "name"


def test_two_clicks_send_one_code(world: LoginWorld) -> None:
    login = world.desk.begin("Hanako")

    async def twice() -> list[Any]:
        order = {"number": NUMBER, "method": "text"}
        clicks = (world.desk.enrol(login.id, **order) for _ in range(2))
        return await asyncio.gather(*clicks, return_exceptions=True)

    done = asyncio.run(twice())
    assert [type(one) for one in done] == [Login, LoginRefusedError]
    assert len(world.runner.calls) == 1


def test_memory_is_bounded_and_users_outlive_the_process(world: LoginWorld) -> None:
    world.enrolled()
    first = world.desk.begin("Hanako")
    for _ in range(KEPT):
        last = world.desk.begin("Taro")
    assert refused(world.desk.get, first.id) == "unknown"
    assert world.desk.get(last.id) is last

    restarted = world.a_desk()
    assert restarted.begin("Hanako").stage == "challenge"
    for number in range(KEPT_USERS):
        restarted.users.named(f"user {number}")
    assert len(restarted.users.all()) == KEPT_USERS
    assert restarted.begin("Hanako").stage == "enrol", "the oldest went first"


def test_what_is_no_user_in_an_imported_tenant_is_left_alone(world: LoginWorld) -> None:
    user = world.enrolled().user
    content = world.tenant.export()
    content[COLLECTION] |= {"a": {}, "b": {"id": 1, "name": 2}, "c": {"x": []}}
    world.tenant.load(content)
    assert world.desk.users.all() == [user]
    assert world.desk.users.get("a") is None
    assert world.desk.begin("Hanako").stage == "challenge"


def test_a_reset_forgets_everything(world: LoginWorld) -> None:
    login = world.challenged()
    refused(world.desk.enter, login.id, "x")
    world.tenant.reset()
    world.service.reset()
    world.desk.reset()
    assert refused(world.desk.get, login.id) == "unknown"
    assert world.store.all(COLLECTION) == []
    assert world.desk.tries_left(login).left == 10
    assert world.desk.codes_left(login, "text").left == 10
