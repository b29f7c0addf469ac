"""Which tenant is read, and with what."""

from __future__ import annotations

import pytest

from phonemfa.tenant import Access, TenantUnreadableError

ENVIRONMENT = {
    "AUTH0_DOMAIN": "https://shell.example.com/",
    "AUTH0_CLIENT_ID": "id",
    "AUTH0_CLIENT_SECRET": "canary-secret",
}


def test_a_stacks_own_domain_wins_as_it_does_for_pulumi() -> None:
    assert Access.of(ENVIRONMENT, domain="stack.example.com").domain == "stack.example.com"
    assert Access.of(ENVIRONMENT).domain == "shell.example.com"


def test_every_missing_variable_is_named_and_no_secret_is_shown() -> None:
    with pytest.raises(TenantUnreadableError, match="AUTH0_DOMAIN, AUTH0_CLIENT_ID"):
        Access.of({"AUTH0_CLIENT_SECRET": "canary-secret"})
    assert "canary" not in repr(Access.of(ENVIRONMENT))
