"""The rules over what the package's own program declares: as committed, and in every shape."""

from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf import json_format
from pulumi.runtime import config as runtime_config

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.raw_config import NAMESPACE
from components.settings.stack_config import load
from components.tenant.model import sealed
from components.vocabulary import COMPONENT
from policy import levels
from policy.model import Declared
from policy.rules import violations
from tests.components.declared import declare
from tests.components.test_stack_config import handed
from tests.contract import PROJECT

API_KEY = "phonemfa:cpaasApiKey"
COMMITTED = sorted(path.name.split(".")[1] for path in PROJECT.glob("Pulumi.*.yaml"))


def declared_by(stack: str, values: dict[str, Any]) -> list[Declared]:
    """What the program declares in a stack of these settings, as the engine would get it."""

    def program() -> pulumi.Output[Any]:
        runtime_config.set_all_config(handed(values | {"cpaasApiKey": "canary-key"}), [API_KEY])
        loaded = load()
        opts = pulumi.ResourceOptions(protect=loaded.settings.protect)
        return PhoneMfa("phone-mfa", PhoneMfaArgs.of(loaded), opts).factor.policy

    try:
        found = declare(program, stack=stack)
    finally:
        runtime_config.set_all_config({}, [])
    return [
        Declared(
            urn=one.urn,
            type=one.type,
            properties=sealed(json_format.MessageToDict(one.request.object)),
            protect=one.request.protect,
        )
        for one in found.values()
    ]


def values_of(stack: str) -> dict[str, Any]:
    """The settings in a committed stack file."""
    text = (PROJECT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text)["config"]
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): config[key] for key in config if key.startswith(prefix)}


@pytest.mark.parametrize("stack", COMMITTED)
def test_every_committed_stack_keeps_every_rule(stack: str) -> None:
    resources = declared_by(stack, values_of(stack))
    (carrier,) = [one for one in resources if one.type == COMPONENT]
    assert carrier.properties["settings"]["allowedPrefixes"]
    assert "canary-key" not in repr(resources)
    assert violations(resources, stack=stack, settings=levels.settings_of(stack, PROJECT)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"experience": "legacy"},
        {"experience": "legacy", "transition": True},
        {"transition": True},
        {"bindAction": True},
        {"deliveryMethods": ["text"], "voiceSender": None},
        {"language": "en", "messageTypes": ["otp_verify", "otp_enroll"]},
        {"otherFactors": {"otp": True, "duo": False}},
    ],
    ids=str,
)
def test_every_shape_of_a_stack_keeps_every_rule(changes: dict[str, Any]) -> None:
    wanted = {**values_of("prod"), **changes}
    values = {key: value for key, value in wanted.items() if value is not None}
    assert violations(declared_by("prod", values), stack="prod", settings={}) == []


def test_production_settings_that_break_the_rules_are_found() -> None:
    values = {
        **values_of("prod"),
        "policy": "adaptive",
        "protect": False,
        "allowedPrefixes": ["+81", "+886"],
    }
    found = violations(declared_by("prod", values), stack="prod", settings={})
    assert {one.rule for one in found} == {
        *("always-in-production", "protected-in-production", "country-allow-list")
    }
