"""What is said to change: settings by the component, the tenant by its resources, and code.

An Action's secrets are looked into nowhere, and nobody else's code is shown.
"""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.action_code import assemble
from components.settings import words as setting_words
from components.settings.model import OtherFactors, StackSettings
from components.settings.words import subject, value_in_words
from components.tenant import trigger
from components.tenant.action import IN_SECRETS, configuration, settings_behind
from phonemfa.pulumi.preview import Operation, read_preview
from phonemfa.report.differences import CodeChange
from phonemfa.report.document import as_comment
from phonemfa.report.settings import ASKED_ONLY, Known
from phonemfa.report.summary import Environment, environment
from tests.end_to_end.conftest import CONFIG
from tests.phonemfa.report.previews import (
    ACTION,
    COMPONENT,
    FIXTURE,
    GUARDIAN,
    PROVIDER,
    SECRET,
    Change,
    in_every_format,
    stamped,
    told,
    with_an_older_plugin,
)

CANARY = "canary-value"

OTHER_VALUES: dict[str, Any] = {
    "experience": "legacy",
    "deliveryMethods": ["text"],
    "policy": "never",
    "cpaasBaseHost": "other.sandbox.test",
    "smsSender": "0005299999",
    "voiceSender": "+815087654321",
    "voiceGender": "male",
    "ringTimeout": 20,
    "machineDetection": True,
    "language": "en",
    "messageTypes": ["otp_enroll", "otp_verify"],
    "texts": {"otp_verify": {"text": "{{ code }}"}},
    "allowedInTexts": ["links", "user"],
    "originBoundCode": "login.example.co.jp",
    "allowedPrefixes": ["+81", "+1"],
    "deduplicate": True,
    "recipientLimit": 33,
    "voiceLimit": 2,
    "tenantLimit": 500,
    "otherFactors": {"recoveryCode": True},
    "rememberBrowser": {"shown": True, "ticked": True, "inactivity": "12h", "overall": "7d"},
    "oneTimeCode": {"length": 8, "lifetime": "10m"},
    "retiredSecrets": ["TWILIO_TOKEN"],
    "actionName": "another",
    "bindAction": True,
    "transition": True,
    "gate": "off",
    "protect": True,
}
"""Another value of each setting but `adopted`, which stands for a whole tenant."""


def known(environment: Environment) -> list[Known]:
    return [one.known for one in environment.secrets]


def everything(environment: Environment) -> str:
    return "".join(in_every_format(environment))


@pytest.mark.parametrize("key", [*OTHER_VALUES, "aSettingOfANewerVersion"])
def test_every_changed_setting_is_told_from_the_component_alone(key: str) -> None:
    change = Change().asks(**{key: OTHER_VALUES.get(key, "its value")})
    was = change.step(COMPONENT)["oldState"]["outputs"]["applied"]["settings"].get(key)
    ((what, (before, after)),) = told(change.environment()).items()
    assert what.startswith(subject(key))
    assert after
    assert before == (None if was in (None, {}) else value_in_words(key, was))


def test_what_the_package_calls_a_setting_is_a_setting() -> None:
    keys = {field.alias or name for name, field in StackSettings.model_fields.items()}
    assert {*OTHER_VALUES} <= {*setting_words._WORDS} <= keys
    assert subject("somethingNew") == "somethingNew"
    with pytest.raises(ValidationError):
        StackSettings.model_validate({"aSettingOfANewerVersion": 1})


def test_sender_prefixes_and_policy_are_told_together() -> None:
    change = Change().asks(smsSender="0005299999", allowedPrefixes=["+81", "+886"], policy="never")
    environment = change.sets(GUARDIAN, policy="never").environment()
    assert told(environment) == {
        "policy": ("always", "never"),
        "SMS sender": ("0005212345", "0005299999"),
        "country prefixes that are sent to": ("+81", "+81, +886"),
    }
    assert environment.differences[0].meaning == "no login is asked for a second factor"
    assert all(one.meaning for one in environment.differences)
    assert known(environment) == [Known.BESIDE_SETTINGS]
    assert {one.name for one in environment.planned} == {"ntt-cpaas-phone", ""}
    assert {one.rule for one in environment.violations} == {"country-allow-list"}
    assert environment.not_compared == ()


def test_a_remembered_browser_is_told_in_a_users_words() -> None:
    def said(before: Any, after: Any) -> tuple[str | None, str | None, str]:
        change = Change().had(rememberBrowser=before).asks(rememberBrowser=after)
        (one,) = change.environment().differences
        assert one.subject == "remembering of browsers"
        return one.before, one.after, one.meaning

    week = {"shown": True, "ticked": False, "inactivity": "12h", "overall": "7d"}
    shown = "checkbox shown, not ticked at first; 12 hours of inactivity, 7 days overall"
    before, after, meaning = said(None, week)
    assert (before, after) == (None, shown)
    assert "asked again after at most 7 days on a remembered browser" in meaning
    assert "whoever ticks it" in meaning
    _, after, meaning = said(week, week | {"ticked": True, "overall": "1d"})
    assert after == "checkbox shown, ticked at first; 12 hours of inactivity, 1 day overall"
    assert "asked again after at most 1 day" in meaning
    assert "whoever does not untick the box" in meaning
    holds = "no browser is remembered: the policy holds at every login"
    assert said(week, week | {"shown": False}) == (shown, "checkbox not shown", holds)
    assert said(week, None) == (shown, None, "")


def without(key: str) -> Change:
    """Applied by a version that had no such setting; the Action is told of it now."""
    change = Change().rotates()
    del change.step(COMPONENT)["oldState"]["outputs"]["applied"]["settings"][key]
    return change


def by_hand() -> Change:
    return Change().has(GUARDIAN, policy="confidence-score").sets(GUARDIAN, policy="never")


def legacy(provider: str) -> Change:
    change = Change().has(GUARDIAN, phone={"provider": provider})
    change.answer["steps"].remove(change.step(PROVIDER))
    return change


def binds() -> Change:
    change, inputs = Change(), {"trigger": "custom-phone-provider", "actionId": "a"}
    new = {"type": trigger.TOKEN, "custom": True, "inputs": inputs}
    change.answer["steps"].append(
        {"op": "create", "urn": "urn:pulumi:t1::p::t::b", "newState": new}
    )
    return change


def incomplete(*, settings: Any = None, inputs: bool = True) -> Change:
    """The component tells less than it does; without either there is none."""
    change = Change().rotates()
    step = change.step(COMPONENT)
    if settings:
        step["newState"]["inputs"]["settings"] = settings
    elif inputs:
        change.answer["steps"].remove(step)
    else:
        for part in (step["oldState"], step["newState"]):
            part.pop("inputs")
        change.unfinished()
    return change


LIMIT, NEVER = "messages per number and hour", {"policy": ("always", "never")}
UNTOLD, BESIDE = [Known.UNTOLD], [Known.BESIDE_SETTINGS]
TOLD: dict[str, tuple[Change, dict[str, Any], list[Known]]] = {
    "by hand, beside the setting": (
        by_hand().asks(policy="never"),
        {**NEVER, "policy, as Pulumi's state has it": ("adaptive", "never")},
        [],
    ),
    "a factor that was left alone": (
        Change().named("otp").asks(otherFactors={"otp": True}).sets(GUARDIAN, otp=True),
        {"other factor otp": ("off", "on")},
        [],
    ),
    "a factor that no resource has": (
        Change().asks(otherFactors={"recoveryCode": True}),
        {"other factor recovery_code": (None, "on")},
        [],
    ),
    "a policy": (Change().sets(GUARDIAN, policy="never"), NEVER, []),
    # It is open where provider and factor both have it.
    "a channel": (
        Change().sets(PROVIDER, configuration={"deliveryMethods": ["text"]}),
        {"channels": ("SMS, voice call", "SMS")},
        [],
    ),
    "a new setting at its default": (without("recipientLimit"), {}, BESIDE),
    "a new setting": (
        without("recipientLimit").asks(recipientLimit=33),
        {LIMIT: (None, "33")},
        BESIDE,
    ),
    "a key": (Change().rotates(), {}, [Known.CHANGED]),
    "a key beside a policy": (Change().asks(policy="never").rotates(), NEVER, [Known.CHANGED]),
    "a key without a component": (incomplete(), {}, UNTOLD),
    "an Action's trigger": (
        Change().sets(ACTION, supportedTriggers={"id": "send-phone-message"}),
        {
            "phone experience": ("unified", "legacy"),
            "the Action's trigger": ("custom-phone-provider", "send-phone-message"),
        },
        [],
    ),
    "a binding": (binds(), {"bound triggers": (None, "custom-phone-provider")}, []),
    "another code": (Change().recodes("// other"), {}, []),
    "a replacement": (Change().replace(ACTION), {}, UNTOLD),
    "an earlier version's state": (Change().of_an_earlier_version(), {}, []),
    "a key beside it": (Change().of_an_earlier_version().rotates(), {}, UNTOLD),
    "the same as of a run that did not finish": (Change().unfinished(), {}, []),
    "a hidden setting": (Change().asks(smsSender=SECRET), {}, BESIDE),
    "a provider that goes off": (
        Change().sets(PROVIDER, disabled=True),
        {"phone provider": ("custom", "custom, switched off")},
        [],
    ),
    "another sender of a legacy tenant": (
        legacy("auth0").sets(GUARDIAN, phone={"provider": "phone-message-hook"}),
        {"phone provider": ("auth0", "phone-message-hook")},
        [],
    ),
    "protection, although the engine does nothing": (
        Change().protect(was=True, will_be=False),
        {"protection against deletion": ("on", "off")},
        [],
    ),
    "nothing": (Change(), {}, []),
}


@pytest.mark.parametrize(("change", "differences", "secrets"), TOLD.values(), ids=TOLD)
def test_a_change_is_told_as(
    change: Change, differences: dict[str, Any], secrets: list[Known]
) -> None:
    environment = change.environment()
    assert (told(environment), known(environment)) == (differences, secrets)


def test_the_components_own_update_is_no_operation() -> None:
    environment = Change().asks(gate="off").environment()
    assert environment.planned == ()
    assert told(environment) == {"check before users are asked for codes": ("ready", "off")}
    assert "nothing changes in the tenant" in as_comment([environment], whole=("x",))


def test_after_a_run_that_did_not_finish_what_was_asked_is_said_to_be_no_more() -> None:
    environment = Change().unfinished().asks(recipientLimit=33).environment()
    (one,) = environment.differences
    assert (one.subject, one.before, one.after) == (LIMIT, "10", "33")
    assert one.before_is == ASKED_ONLY
    assert known(environment) == [Known.UNTOLD]
    assert everything(environment).count(ASKED_ONLY) >= 3, "each format"


def test_a_run_that_applied_no_setting_did_finish() -> None:
    change = Change()
    change.step(COMPONENT)["oldState"]["outputs"]["applied"]["settings"] = {}
    assert change.environment().not_compared == ()


LATER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine has in the place of a value that it does not know yet."""
UNSEEN = "cannot be seen (a secret, or known only after the apply), and was not compared."
NONE, HIDDEN = "Settings are not told in this preview", "Hidden in this preview, and not compared: "
NOT_COMPARED = {
    "no component": (incomplete(), NONE),
    "no inputs": (incomplete(inputs=False), NONE),
    "hidden as a whole": (incomplete(settings=SECRET), NONE),
    "not known as a whole": (incomplete(settings=LATER), NONE),
    "a hidden setting": (Change().asks(smsSender=SECRET), f"{HIDDEN}SMS sender."),
    "one not known yet": (Change().asks(smsSender=LATER), f"{HIDDEN}SMS sender."),
    "code": (Change().recodes(SECRET), f"The code of the Action ntt-cpaas-phone {UNSEEN}"),
    "policy": (Change().sets(GUARDIAN, policy=LATER), f"The policy of factor and policy {UNSEEN}"),
    "an earlier version's": (Change().of_an_earlier_version(), "recorded for the first time"),
    "those of a run that did not finish": (Change().unfinished(), "did not finish"),
}


@pytest.mark.parametrize(("change", "words"), NOT_COMPARED.values(), ids=NOT_COMPARED)
def test_what_cannot_be_seen_is_said_not_to_be_compared(change: Change, words: str) -> None:
    environment = change.environment()
    (said,) = environment.not_compared
    assert words in said
    assert environment.code == ()


def test_a_new_stack_tells_what_it_has_and_a_deleted_one_what_it_had() -> None:
    created = Change().create().environment()
    assert told(created)["SMS sender"] == (None, "0005212345")
    assert told(created)[subject("recipientLimit")] == (None, "10"), "its default is news too"
    assert "suppression of repeated messages" not in told(created)
    assert created.secrets == ()
    deleted = Change()
    for step in deleted.answer["steps"]:
        step["op"] = "delete"
        del step["newState"]
    gone = told(deleted.environment())
    assert gone["SMS sender"] == ("0005212345", None)
    assert "protection against deletion" not in gone


@pytest.mark.parametrize("key", OTHER_VALUES)
def test_each_part_of_the_configuration_names_the_settings_that_change_it(key: str) -> None:
    before = configuration(StackSettings.check("t1", CONFIG))
    after = configuration(StackSettings.check("t1", CONFIG | {key: OTHER_VALUES[key]}))
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    changed -= {*OTHER_VALUES["retiredSecrets"]}
    assert all(key in settings_behind(name) for name in changed)
    others = {"retiredSecrets", "transition"}  # They change which secrets, or Actions, there are.
    assert (bool(changed) or key in others) == (key in IN_SECRETS)


OLDER = {"SMS_SENDER": "0005212345", "SOMETHING_ELSE": CANARY}


@pytest.mark.parametrize("name", TOLD)
def test_a_plugin_that_shows_the_list_of_secrets_changes_nothing(name: str) -> None:
    whole = TOLD[name][0].done()
    older = with_an_older_plugin(whole, **OLDER)
    assert CANARY in json.dumps(older), "the preview has it"
    listed = environment(read_preview(older))
    assert listed == environment(read_preview(whole))
    assert CANARY not in everything(listed)


@pytest.mark.parametrize("odd", [None, 3, "text", [], [1], {"a": 1}, {"settings": [1]}])
def test_a_component_of_any_form_is_read(odd: Any) -> None:
    for side, kind in (("oldState", "outputs"), ("oldState", "inputs"), ("newState", "inputs")):
        change = Change().rotates()
        change.step(COMPONENT)[side][kind] = odd if kind == "inputs" else {"applied": odd}
        everything(environment(read_preview(change.done())))
        for key in CONFIG:
            change = Change().asks(**{key: odd})
            everything(environment(read_preview(change.done())))


@pytest.mark.parametrize("odd", [None, 3, [1], {"a": 1}])
def test_a_resource_of_any_form_is_read(odd: Any) -> None:
    for step in Change().answer["steps"]:
        for key in step["newState"].get("inputs", ()):
            name = step["urn"].rpartition("::")[2]
            Change().has(name, **{key: odd}).update(name, lambda _: None, key).environment()


def twice(change: Change, name: str) -> Environment:
    """With a second resource of the same kind, which changes too."""
    step = change.step(name)
    change.answer["steps"].append(step | {"urn": f"{step['urn']}-two"})
    return change.environment()


def test_several_components_are_told_apart() -> None:
    assert told(twice(Change().asks(recipientLimit=33), COMPONENT)) == {
        f"{LIMIT} of phone-mfa": ("10", "33"),
        f"{LIMIT} of phone-mfa-two": ("10", "33"),
    }


def test_each_of_several_actions_is_told() -> None:
    environment = twice(Change().sets(ACTION, runtime="node24"), ACTION)
    assert [one.subject for one in environment.differences] == ["the Action's runtime"] * 2


def test_the_fixture_is_as_the_official_plugin_prints_it() -> None:
    steps = json.loads(FIXTURE.read_text(encoding="utf-8"))["steps"]
    (action,) = [one for one in steps if one["urn"].endswith(f"::{ACTION}")]
    assert action["newState"]["inputs"]["secrets"] == SECRET


@pytest.mark.parametrize(
    ("factor", "named"), [(one.alias, name) for name, one in OtherFactors.model_fields.items()]
)
def test_another_factor_is_told_when_the_stack_names_it(factor: str, named: str) -> None:
    plain = factor in {"otp", "email", "recoveryCode"}
    on = Change().sets(GUARDIAN, **{factor: True if plain else {"enabled": True}})
    assert told(on.environment()) == {}, "left alone"
    subject = f"other factor {named}"
    assert told(on.named(factor).environment()) == {subject: ("off", "on")}
    created = told(Change().named(factor).create().environment())
    assert [one for one in created if one.startswith("other factor")] == [subject] * plain


def test_what_the_engine_does_is_named_by_what_it_is() -> None:
    change = Change().says("{{ code }}").replace(ACTION)
    step = change.step(PROVIDER)
    foreign = {"urn": "urn:pulumi:t1::p::auth0:c:C::app", "op": "create"}
    foreign |= {"newState": step["newState"] | {"type": "auth0:c:C"}}
    change.answer["steps"].append(foreign)
    assert {
        (one.operation, one.kind, one.name, one.parts) for one in change.environment().planned
    } == {
        (Operation.UPDATE, "the text", "otp_verify", ("text",)),
        (Operation.REPLACE, "the Action", "ntt-cpaas-phone", ()),
        (Operation.CREATE, "a resource that is no part of phone MFA:", "auth0:c:C app", ()),
    }


OURS = assemble("custom-phone-provider")


def only(change: Change) -> CodeChange:
    (found,) = change.environment().code
    return found


def test_a_changed_line_is_shown_and_one_that_looks_like_a_heading_is_counted() -> None:
    change = only(Change().recodes(stamped("exports.onExecute = 2;\n++ x\n-- y\n")))
    assert change.lines[:2] == ("--- before", "+++ after")
    assert {"-exports.onExecute = 1;", "+exports.onExecute = 2;"} <= {*change.lines}
    assert (change.count("+"), change.count("-")) == (4, 2), "the stamp changes too"


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u2028", "\x0b", "\x1b", "\r"])
def test_a_character_that_hides_code_is_written_out(hidden: str) -> None:
    change = only(Change().recodes(stamped(f"exports.onExecute = 1;{hidden}evil();\n")))
    added = " ".join(one for one in change.lines[2:] if one.startswith("+"))
    assert hidden not in added
    assert f"‹U+{ord(hidden):04X}›" in added


def test_new_and_deleted_code_is_told_by_its_hash() -> None:
    new, gone = only(Change().create()), only(Change().delete(ACTION))
    assert new.before is gone.after is None
    assert new.after == gone.before
    assert new.lines == gone.lines == ()


def had(code: str) -> Change:
    """What is there was not made by this package, or was edited since."""
    return Change().has(ACTION, code=code)


BY_HAND = f"const KEY = '{CANARY}';\nexports.onExecuteCustomPhoneProvider = async () => {{}};\n"
EDITED = OURS.replace("'use strict';", f"'use strict'; const KEY = '{CANARY}';")
FOREIGN = {
    "taken over": had(BY_HAND).recodes(OURS),
    "edited in the dashboard, and a refresh saw it": had(EDITED).recodes(OURS),
    "edited beyond the end": had(f"{OURS}// {CANARY}\n").recodes(OURS),
    "with a stamp of other code": had(OURS[:200] + BY_HAND).recodes(OURS),
    "declared as it was found": Change().recodes(BY_HAND),
    "one of somebody else's for another": had(BY_HAND).recodes(f"// x\n{BY_HAND}"),
    "new": Change().recodes(BY_HAND).create(),
    "deleted": had(BY_HAND).delete(ACTION),
    "replaced": had(BY_HAND).recodes(OURS).replace(ACTION),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_of_code_that_is_not_the_packages_every_output_has_length_and_hash_alone(
    change: Change,
) -> None:
    environment = change.environment()
    (told,) = environment.code
    assert CANARY in json.dumps(change.done()), "the preview has it"
    for one in in_every_format(environment):
        assert CANARY not in one
        foreign = [side for side in (told.before, told.after) if side and not side.ours]
        assert all(side.digest[:12] in one for side in foreign)
        assert foreign
