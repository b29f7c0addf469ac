"""What the official plugin sent during whole lives of a stack, sent again.

The traces have statuses and request bodies, but no answers.
"""

import re
from typing import Any

import pytest

from sandbox.tenant.settings import Generation
from tests.contract import load_json
from tests.sandbox.api.support import DOMAIN, Sandbox

_ID = re.compile(r"(?:[0-9a-f]{8}-[0-9a-f-]{27}|(?:pro|tem)_[0-9A-Za-z]+)(?=/|$|\?)")
LIVES: list[Generation] = ["unified", "legacy"]


class Life:
    """Ids of the trace stand for ours in the order in which they appear."""

    def __init__(self, generation: Generation) -> None:
        self.sandbox = Sandbox(generation=generation)
        self.ids: dict[str, str] = {}
        self.made: list[str] = []

    def ours(self, text: str) -> str:
        def replaced(found: re.Match[str]) -> str:
            if found[0] not in self.ids:
                kind = found[0].rpartition("_")[0]
                self.ids[found[0]] = next(
                    one
                    for one in self.made
                    if one not in self.ids.values() and one.rpartition("_")[0] == kind
                )
            return self.ids[found[0]]

        return _ID.sub(replaced, text)

    def send(self, request: dict[str, Any]) -> int:
        """Send a request of the trace; answers our status."""
        if request["path"] == "/oauth/token":
            own = self.sandbox.tenant.credentials
            answer = self.sandbox.http.post(
                "/oauth/token",
                data=request["body"] | {"audience": f"https://{DOMAIN}/api/v2/"},
                auth=(own.client_id, own.client_secret),
            )
        else:
            path = self.ours(request["path"].removeprefix("/api/v2"))
            body = request["body"]
            for binding in (body or {}).get("bindings", []) if isinstance(body, dict) else []:
                binding["ref"]["value"] = self.ours(binding["ref"]["value"])
            answer = self.sandbox.call(request["method"], path, body)
            if answer.status_code == 201:
                self.made.append(answer.json()["id"])
        return answer.status_code

    def by_hand(self, step: str) -> None:
        """What somebody did before a step, as its name says."""
        tenant = self.sandbox.tenant
        if step.startswith("drift: policy off"):
            tenant.guardian.set_policies(["all-applications"])
        elif step.startswith("a secret added by hand"):
            (action,) = self.sandbox.must("GET", "/actions/actions")["actions"]
            kept = [{"name": one["name"]} for one in action["secrets"]]
            secrets = [*kept, {"name": "EXTRA", "value": "x"}]
            self.sandbox.must("PATCH", f"/actions/actions/{action['id']}", {"secrets": secrets})
        elif step.startswith("MFA settings changed by hand"):
            codes = {"otp_length": 8, "otp_expiration_time": 60}
            self.sandbox.must("PUT", "/guardian/factors/phone/settings", codes)


@pytest.mark.parametrize("generation", LIVES)
def test_a_whole_life_is_answered_with_the_traced_statuses(generation: Generation) -> None:
    life = Life(generation)
    count = 0
    for step in load_json(f"official/{generation}.json"):
        life.by_hand(step["step"])
        for request in step["requests"]:
            assert life.send(request) == request["status"], (step["step"], request)
            count += 1
    assert count > 120
    counters = life.sandbox.counters()
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
    # The stack was destroyed: nothing of it is left.
    assert life.sandbox.must("GET", "/actions/actions")["actions"] == []
    assert life.sandbox.tenant.phone_provider() is None
    assert life.sandbox.tenant.policies() == []
