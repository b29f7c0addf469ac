"""What a program that lives for a second leaves out, and what it never does."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pulumi.log
import pytest

from components import short_lived


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that reach the engine; nothing stays of what a test leaves out."""
    messages: list[str] = []
    engine = SimpleNamespace(Log=lambda request: messages.append(request.message))
    monkeypatch.setattr("pulumi.runtime.settings.SETTINGS.engine", engine)
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    monkeypatch.setattr(atexit, "register", lambda _: None)
    return messages


def say() -> None:
    """A message of each severity, as the SDK sends them."""
    pulumi.log.debug("debug", None, 1, ephemeral=True)
    for severity in ("info", "warn", "error"):
        getattr(pulumi.log, severity)(severity)


def test_debug_messages_of_the_sdk_are_left_out_and_no_others(sent: list[str]) -> None:
    short_lived.spare({})
    say()
    assert sent == ["info", "warn", "error"]


def test_whoever_looks_into_the_sdk_gets_them(sent: list[str]) -> None:
    short_lived.spare({short_lived.VARIABLE: "1"})
    say()
    assert sent == ["debug", "info", "warn", "error"]


def test_garbage_is_not_searched_at_the_end_and_is_until_then(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Callable[[], Any]] = []
    monkeypatch.setattr(atexit, "register", ends.append)
    frozen = gc.get_freeze_count()
    short_lived.spare({})
    assert (gc.get_freeze_count(), gc.isenabled()) == (frozen, True)
    try:
        for end in ends:
            end()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
    assert sent == []
