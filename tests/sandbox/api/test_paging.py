"""Lists of the actions family (management-api.md §1.5).

A wrong `total` makes the official client ask for ever, so the client's own rule is played here.
"""

from typing import Any

import pytest

from tests.sandbox.api.support import POST_LOGIN_ACTION, Sandbox


def page(sandbox: Sandbox, query: str = "", path: str = "/actions/actions") -> dict[str, Any]:
    answered: dict[str, Any] = sandbox.must("GET", f"{path}?{query}" if query else path)
    return answered


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    for number in range(5):
        sandbox.deployed(POST_LOGIN_ACTION | {"name": f"a{number}"})
    return sandbox


def test_total_is_the_whole_count_on_every_page_that_has_items(filled: Sandbox) -> None:
    first = page(filled, "page=0&per_page=2")
    assert (first["total"], first["per_page"], "page" in first) == (5, 2, False)
    last = page(filled, "page=2&per_page=2")
    assert (last["total"], last["page"], len(last["actions"])) == (5, 2, 1)


@pytest.mark.parametrize("per_page", [1, 2, 5, 50, 100])
def test_the_official_clients_loop_ends_with_all_items(filled: Sandbox, per_page: int) -> None:
    names: list[str] = []
    number = 0
    while True:
        answered = page(filled, f"page={number}&per_page={per_page}")
        names += [one["name"] for one in answered["actions"]]
        # The client compares with `start` and `limit`, which these lists never send.
        if answered.get("total", 0) <= answered.get("start", 0) + answered.get("limit", 0):
            break
        number += 1
        assert number < 10, "the client would never stop"
    assert names == [f"a{one}" for one in range(5)]


def test_versions_and_bindings_are_paged_alike(sandbox: Sandbox) -> None:
    action_id = sandbox.deployed(POST_LOGIN_ACTION)
    sandbox.must("POST", f"/actions/actions/{action_id}/deploy")
    versions = f"/actions/actions/{action_id}/versions"
    assert page(sandbox, "per_page=1", versions)["total"] == 2
    assert page(sandbox, "page=2&per_page=1", versions) == {
        "versions": [],
        "page": 2,
        "per_page": 1,
    }
    bindings = "/actions/triggers/post-login/bindings"
    assert page(sandbox, "per_page=50", bindings) == {"bindings": [], "per_page": 50}
    ref = {"ref": {"type": "action_id", "value": action_id}}
    sandbox.must("PATCH", bindings, {"bindings": [ref, ref]})
    assert page(sandbox, "page=0&per_page=100", bindings)["total"] == 2
    assert page(sandbox, "page=1&per_page=100", bindings) == {
        "bindings": [],
        "page": 1,
        "per_page": 100,
    }
