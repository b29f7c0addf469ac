"""A write without an answer is told from one that was refused."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from components.tenant.access import Access
from components.tenant.client import TenantUnreadableError, WriteFailedError, ask_to_write
from components.tenant.token import NoTokenError
from phonemfa.files import FileNotWrittenError, told

NOWHERE = Access(domain="localhost:1", client_id="c", client_secret="canary")


def test_after_a_lost_answer_nobody_claims_to_know_what_the_tenant_did() -> None:
    with pytest.raises(WriteFailedError, match="look before repeating") as failed:
        ask_to_write(NOWHERE, lambda client: client.guardian.policies.set(request=[]))
    assert "No answer from https://localhost:1" in str(failed.value)
    assert "canary" not in str(failed.value)


def test_a_refusal_is_told_in_the_words_of_a_read() -> None:
    async def refused(_client: Any) -> None:
        raise NoTokenError("localhost:1 refused a token for client c (403 Forbidden)")

    with pytest.raises(WriteFailedError, match="refused a token") as failed:
        ask_to_write(Access(domain="localhost:1", api_token="canary"), refused)
    assert "look before repeating" not in str(failed.value)
    assert not isinstance(failed.value, TenantUnreadableError)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotWrittenError("a.yaml cannot be written: the disk is full."), "a.yaml cannot be"),
        (OSError(errno.ENOSPC, "No space left on device", "a.sarif"), "a.sarif: the disk is full"),
        (OSError("broken"), "broken (OSError)"),
    ],
)
def test_a_failure_of_a_file_that_nobody_foresaw_is_told_in_words(
    error: OSError, words: str
) -> None:
    assert words in told(error)
