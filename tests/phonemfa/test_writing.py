"""A write without an answer is told from one that was refused."""

from __future__ import annotations

import httpx
import pytest

from phonemfa.tenant import Access, TenantUnreadableError
from phonemfa.writing import WriteFailedError, writing

NOWHERE = Access(domain="localhost:1", client_id="c", client_secret="canary")


def test_after_a_lost_answer_nobody_claims_to_know_what_the_tenant_did() -> None:
    with (
        pytest.raises(WriteFailedError, match="look before repeating") as failed,
        writing(NOWHERE) as client,
    ):
        client.guardian.policies.set(request=[])
    assert "No answer from https://localhost:1" in str(failed.value)
    assert "canary" not in str(failed.value)


def test_a_refusal_is_told_in_the_words_of_a_read() -> None:
    refused = httpx.Response(403, request=httpx.Request("POST", "https://localhost:1/oauth/token"))
    with pytest.raises(WriteFailedError, match="refused a token") as failed, writing(NOWHERE):
        refused.raise_for_status()
    assert "look before repeating" not in str(failed.value)
    assert not isinstance(failed.value, TenantUnreadableError)
