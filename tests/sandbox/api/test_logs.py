"""GET /logs finds what phone messages wrote, and gives away no more than Auth0 does."""

from typing import Any

import pytest

from sandbox.tenant.logs import KEPT, masked
from sandbox.tenant.store import Store
from tests.sandbox.api.support import DOMAIN, Sandbox

NUMBER = "+819012345678"


def add(sandbox: Sandbox, code: str = "gd_send_sms", *, user: str = "u", **details: Any) -> str:
    sandbox.clock.advance(1)
    return sandbox.tenant.logs.add(code, "text", details, client_name="Shop", user_id=user)


def ids(sandbox: Sandbox, query: str = "") -> list[str]:
    return [one["log_id"] for one in sandbox.must("GET", f"/logs{query}")]


def test_entries_come_newest_first_and_page_by_page(sandbox: Sandbox) -> None:
    written = [add(sandbox) for _ in range(5)]
    newest = written[::-1]
    assert ids(sandbox) == newest
    assert ids(sandbox, "?per_page=2&page=1") == newest[2:4]
    assert ids(sandbox, "?per_page=2&page=9") == []
    assert ids(sandbox, "?sort=date:1") == written
    assert sandbox.must("GET", "/logs?include_totals=true&per_page=2&page=2") == {
        "start": 4,
        "limit": 2,
        "length": 1,
        "total": 5,
        "logs": [sandbox.must("GET", f"/logs/{written[0]}")],
    }


def test_a_checkpoint_leads_through_everything_once(sandbox: Sandbox) -> None:
    written = [add(sandbox) for _ in range(7)]
    seen, addresses = [written[0]], [f"https://{DOMAIN}/api/v2/logs?take=4&from={written[0]}"]
    while len(addresses) < 2 or addresses[-1] != addresses[-2]:
        answer = sandbox.call("GET", addresses[-1].partition("/api/v2")[2])
        seen += [one["log_id"] for one in answer.json()]
        addresses.append(answer.links["next"]["url"])
    assert seen == written
    # The page after the last one is empty, and leads to itself.
    assert [one.rpartition("=")[2] for one in addresses] == [written[n] for n in (0, 4, 6, 6)]
    assert "link" not in sandbox.call("GET", "/logs?take=4").headers


FOUND = {
    0: [
        "nobody",
        "date:{* TO 2000-01-01}",
        "date:[2000-01-01 TO 2000-01-02} AND (type:fn OR Shop)",
        # All is case sensitive, and whole but for stars.
        *("shop", "type:FN", "client_name:shop", "client_name:Sh"),
        *('client_name:"Sh*"', 'client_name:"Sho"'),
        *("hostname:*", "client_name:hop*", "date:[* TO 2027-01-15}", "date:{2027-01-15 TO *]"),
        "date:[2027-01-15 TO 2027-01-15}",
        # Of an id, unlike a date, the beginning is no end of a range.
        *("log_id:[* TO 900]", "date:2026*", "date:2027-01-16*"),
    ],
    1: [
        *("type:fn", "type:gd_send_sms user_id:u1", "NOT (type:fn OR user_id:u2)"),
        *("date:[2000-01-01T00:00:00 TO *] AND type:fn", "date:{* TO 2000-01-01} OR type:fn"),
        *('client_name:"shop OR not" OR type:fn', "type:nothing AND type:fn OR user_id:u2"),
        "NOT date:[* TO 2000-01-01] AND type:fn",
    ],
    2: ['type:"gd_send_sms"', "type:gd_*", "NOT type:fn"],
    3: [
        *("type:fn OR type:gd_send_sms", "Shop", "text", "client_name:*hop", "client_name:*Sho*"),
        *("client_name:S*hop", "date:2027-01-15", "date:[2027-01-15 TO 2027-01-15]"),
        *("date:[2027-01-15T08:00:01Z TO *]", "date:[* TO 2027-01-15T08:00:03Z]"),
        *("date:2027-01-*", "date:2027-*-15*", "date:*", "log_id:{900 TO *}"),
    ],
}


@pytest.mark.parametrize(("found", "search"), [(n, one) for n in FOUND for one in FOUND[n]])
def test_a_search_finds_what_it_names(sandbox: Sandbox, found: int, search: str) -> None:
    for number in (1, 2):
        add(sandbox, user=f"u{number}")
    add(sandbox, "fn", user="u3")
    for key in ("q", "search"):
        answer = sandbox.call("GET", "/logs", params={key: search})
        assert len(answer.json()) == found


def test_a_tenant_that_has_no_search_by_type_finds_none_by_a_term_without_a_field_either(
    sandbox: Sandbox,
) -> None:
    add(sandbox, "fn")
    assert len(ids(sandbox, "?q=fn")) == 1
    for way in ("refused", "ignored"):
        sandbox.http.put("/_sandbox/assumptions", json={"log_search_by_type": way})
        assert (len(ids(sandbox, "?q=fn")), len(ids(sandbox, "?q=Shop"))) == (0, 1)


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ("2027-01-15T00:00:00 TO *", 400),
        ("* TO 2027-01-15T23:00:00", 400),
        ("2027-01-15 TO 2027-01-15", 200),
    ],
)
def test_a_tenant_that_takes_days_alone_refuses_a_time_at_either_end(
    sandbox: Sandbox, ends: str, status: int
) -> None:
    sandbox.http.put("/_sandbox/assumptions", json={"log_search_by_time": "refused"})
    answer = sandbox.call("GET", "/logs", params={"q": f"date:[{ends}]"})
    assert answer.status_code == status


UNREADABLE = {
    "user_id:[u1 TO u2] AND type:fn": "user_id:[u1 TO u2]",
    "NOT details.n:1": "details.n:1",
    **{one: one for one in ("nothing:*", "details.n:1", 'details.to:"+819012345678"')},
    "type:fn )": ")",
    "()": ")",
    "type:fn a:b:c": "a:b:c",
    **{one: one for one in ("client_name:*op", "client_name:Sh?p")},
    # Lucene's, and not Auth0's as far as is known.
    **{one: one for one in ("-fn", "+fn", "!fn", "/fn/", "fn^2", "fn~", "date:>2027-01-01")},
    **{one: one.split()[1] for one in ("fn && text", "fn || text")},
    **{one: one for one in ("date:[today TO *]", "date:[* TO 2027-1-15]", "date:[2027 TO now-1d]")},
    # Of what ends too early, all is told.
    **{one: one for one in ("type:fn OR", "NOT", "AND type:fn", "(type:fn")},
    **{one: one for one in ("(" * 2000, "NOT " * 500 + "a")},
}


@pytest.mark.parametrize("search", UNREADABLE)
def test_what_cannot_be_searched_is_told_and_not_misread(sandbox: Sandbox, search: str) -> None:
    add(sandbox)
    answer = sandbox.call("GET", "/logs", params={"q": search})
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")
    assert f"cannot search for {UNREADABLE[search]}' on" in answer.json()["message"]


def test_a_search_that_is_too_long_is_told_as_an_address_that_is(sandbox: Sandbox) -> None:
    search = "type:fn OR " * 186
    for more, status in (("ab", 200), ("abc", 414)):
        answer = sandbox.call("GET", "/logs", params={"q": search + more})
        assert answer.status_code == status, len(search + more)


@pytest.mark.parametrize("query", ["sort=type:1", "per_page=101", "from=900&page=x"])
def test_a_query_that_the_log_does_not_have_is_refused(sandbox: Sandbox, query: str) -> None:
    answer = sandbox.call("GET", f"/logs?{query}")
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")


def test_a_range_of_ids_follows_the_log_as_auth0_cli_does(sandbox: Sandbox) -> None:
    written = [add(sandbox) for _ in range(4)]
    params = {"search_engine": "v3", "sort": "date:-1", "page": "0", "per_page": "100"}

    def found(search: str) -> list[str]:
        answer = sandbox.call("GET", "/logs", params={**params, "q": search})
        return [one["log_id"] for one in answer.json()]

    assert found(f"log_id:[{written[2]} TO *]") == [written[3], written[2]]
    assert found(f"log_id:{{{written[2]} TO *]") == [written[3]]
    assert found(f"log_id:[{written[0]} TO {written[2]}}}") == [written[1], written[0]]


def test_fields_can_be_chosen_or_left_out(sandbox: Sandbox) -> None:
    add(sandbox)
    (chosen,) = sandbox.must("GET", "/logs?fields=type,log_id")
    assert set(chosen) == {"type", "log_id"}
    (rest,) = sandbox.must("GET", "/logs?fields=type,log_id&include_fields=false")
    assert not set(rest) & {"type", "log_id"}


def test_a_phone_number_is_masked_unless_the_tenant_wants_it_shown(sandbox: Sandbox) -> None:
    log_id = add(sandbox, authenticator={"phone_number": NUMBER})
    failed = add(sandbox, "fn", to=NUMBER)
    assert NUMBER not in sandbox.call("GET", f"/logs/{log_id}").text
    assert "XXXXXXXXX5678" in sandbox.call("GET", f"/logs/{log_id}").text
    assert masked("12345") == "X2345"
    assert sandbox.must("GET", f"/logs/{failed}")["details"]["to"] == NUMBER
    flags = {"flags": {"disable_management_api_sms_obfuscation": True}}
    sandbox.must("PATCH", "/tenants/settings", flags)
    assert NUMBER in sandbox.call("GET", f"/logs/{log_id}").text


def test_only_the_last_entries_are_kept(sandbox: Sandbox) -> None:
    written = [add(sandbox) for _ in range(KEPT + 3)]
    assert sandbox.call("GET", f"/logs/{written[2]}").status_code == 404
    assert sandbox.call("GET", f"/logs/{written[3]}").status_code == 200
    assert len(sandbox.tenant.export()["logs"]) == KEPT


def test_the_log_outlives_a_restart_and_not_a_reset() -> None:
    store = Store()
    log_id = add(Sandbox(store=store))
    later = Sandbox(store=store)
    assert ids(later) == [log_id]
    later.http.post("/_sandbox/reset")
    assert ids(later) == []
