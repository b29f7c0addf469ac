"""`drift` counts the resources that `pulumi up` makes in a tenant, whatever a stack declares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import config as runtime_config

from components.phone_mfa import PhoneMfa, PhoneMfaArgs
from components.settings.model import StackSettings
from components.settings.stack_config import load
from components.tenant import snapshot
from phonemfa.drift.look import held
from tests.components.declared import declare
from tests.sandbox.drift.stacks import CONFIG

_LISTS = ("countryCodes", "defaultTokenQuotas", "errorPages", "mtls")
_PROMPT = "skipNonVerifiableCallbackUriConfirmationPrompt"
UNSET: dict[str, Any] = {**{name: [] for name in _LISTS}, _PROMPT: "null"}
SECRET = "phonemfa:cpaasApiKey"
ACCESS = {"auth0:domain": "t.example.com", "auth0:clientId": "id", "auth0:clientSecret": "s"}


@pytest.fixture(autouse=True)
def _nothing_is_set() -> Iterator[None]:
    yield
    runtime_config.set_all_config({}, [])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bindAction": False},
        {"deliveryMethods": ["text"]},
        {"experience": "legacy"},
        {"experience": "legacy", "transition": True},
        {"experience": "unified", "transition": True},
    ],
    ids=str,
)
def test_what_is_compared_is_what_up_makes(settings: dict[str, Any]) -> None:
    values = CONFIG | settings
    if values["experience"] == "legacy" and not values.get("transition"):
        values.pop("bindAction")

    def program() -> None:
        said = {
            f"phonemfa:{key}": one if isinstance(one, str) else json.dumps(one)
            for key, one in values.items()
        }
        runtime_config.set_all_config(ACCESS | said | {SECRET: "key"}, [SECRET])
        # Without access the switch of a legacy tenant asks the provider alone.
        PhoneMfa("phone-mfa", replace(PhoneMfaArgs.of(load()), tenant=None))

    made = [one for one in declare(program, tenant=UNSET).values() if one.type.startswith("auth0")]
    declared = snapshot.declared(StackSettings.check("test", values), Path())
    assert len(held(declared)) == len(made), [one.type for one in made]
