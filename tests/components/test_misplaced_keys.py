"""A key that somebody put where none belongs is in the file already; no message repeats it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from components.config_files import Turned
from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.raw_config import turned_faults
from components.tenant.errors import refused

KEYS = (
    "App 0123456789",
    "App 003026bbc133714df1834b8638bb496e-8f4b3d9a-e931-478d-a994-28a725159ab9",
    "003026bbc133714df1834b8638bb496e-8f4b3d9a",
    "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "abcdefghijklmnopqrstuvwxyzABCDEF",
)
SETTINGS = sorted(str(one.alias) for one in StackSettings.model_fields.values())


def secret_part(key: str) -> str:
    return key.rpartition(" ")[2]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_no_fault_of_a_setting_repeats_a_key(setting: str, key: str) -> None:
    shapes: list[Any] = [key, [key], {"a": key}, {"smsSender": key}]
    for value in shapes:
        # An unknown policy as well, so that there is a message whatever the setting takes.
        given = {"experience": "unified", "policy": "no-such-policy"} | {setting: value}
        with pytest.raises(SettingsError) as caught:
            StackSettings.check("dev", given)
        told = [str(caught.value), *map(str, caught.value.faults)]
        assert not [text for text in told if secret_part(key) in text]


@pytest.mark.parametrize("key", KEYS[:5])
def test_no_fault_of_an_unknown_setting_repeats_it(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        StackSettings.check("dev", {"cpaasKey": key, key: "x"})
    assert secret_part(key) not in str(caught.value)


def test_neither_does_the_fault_of_a_number_that_is_longer_than_any() -> None:
    number = "0123456701234567012345670"
    turned = Turned(file="Pulumi.dev.yaml", key="phonemfa:smsSender", path=(), written=number)
    assert number not in str(turned_faults([turned]))


@pytest.mark.parametrize("key", KEYS[:4])
def test_a_tenants_refusal_that_repeats_it_is_told_without(key: str) -> None:
    body = {"message": f"Payload validation error: 'String does not match: {key}' (from)"}
    refusal = SimpleNamespace(status_code=400, body=body)
    assert secret_part(key) not in refused("tenant.example.com", refusal)
