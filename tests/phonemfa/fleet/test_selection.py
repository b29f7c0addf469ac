"""Which stacks are meant, in which waves and parts, and what is known of each beforehand."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config_files import stack_names
from phonemfa.answered import RefusedError
from phonemfa.fleet.selection import (
    Member,
    by_tenant,
    listed,
    part_of,
    read_member,
    select,
    waves,
)

FILES = {
    "dev": "auth0:domain: dev.example.jp",
    "prod": "auth0:domain: login.example.jp",
    "sandbox": "phonemfa:policy: never",
    "shop-eu": "{auth0:domain: Shop-EU.example.jp, phonemfa:protect: true}",
    "shop-jp": "auth0:domain: shop-jp.example.jp",
}


def write(project: Path, stack: str, config: str) -> None:
    (project / f"Pulumi.{stack}.yaml").write_text(f"config:\n  {config}\n", encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AUTH0_DOMAIN", raising=False)
    for stack, config in FILES.items():
        write(tmp_path, stack, config)
    (tmp_path / "Pulumi.yaml").write_text("name: phonemfa", encoding="utf-8")
    return tmp_path


def chosen(project: Path, **wanted: Any) -> tuple[list[str], set[str]]:
    """Who is selected, and who is left out of a wildcard."""
    found, left_out = select(stack_names(project), lambda one: read_member(project, one), **wanted)
    return [one.stack for one in found], set(left_out)


@pytest.mark.parametrize(
    ("wanted", "stacks"),
    [
        pytest.param(
            {"patterns": ["shop-*"], "listed": ["dev", "shop-eu"], "excluded": ["*-eu"]},
            ["dev", "shop-jp"],
            id="names, globs and lists add up, and exclusions win",
        ),
        pytest.param(
            {"every": True}, ["dev", "prod", "shop-eu", "shop-jp"], id="reading takes production"
        ),
        pytest.param({"every": True, "writes": True}, ["dev", "shop-jp"], id="writing does not"),
        pytest.param({"patterns": ["*"], "writes": True}, ["dev", "shop-jp"], id="nor by a glob"),
        pytest.param({"patterns": ["prod"], "writes": True}, ["prod"], id="unless named"),
        pytest.param({"listed": ["prod"], "writes": True}, ["prod"], id="or listed"),
        pytest.param(
            {"every": True, "writes": True, "include_protected": True},
            ["dev", "prod", "shop-eu", "shop-jp"],
            id="or asked for",
        ),
        pytest.param({"patterns": ["sandbox"]}, ["sandbox"], id="without a tenant only by name"),
    ],
)
def test_who_is_meant(project: Path, wanted: dict[str, Any], stacks: list[str]) -> None:
    found, left_out = chosen(project, **wanted)
    assert found == stacks
    by_wildcard = wanted.get("every") or wanted.get("patterns") == ["*"]
    assert left_out == (set(FILES) - set(stacks) if by_wildcard else set())


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, r"--all.*dev, prod, sandbox, shop-eu, shop-jp"),
        ({"patterns": ["sho-*"]}, "No stack has this name"),
        ({"listed": ["shop-*"]}, r"No stack has this name.*shop-\*"),
        ({"every": True, "excluded": ["prdo*"]}, r"prdo\*"),
    ],
)
def test_a_slip_selects_nothing(project: Path, wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        chosen(project, **wanted)


@pytest.mark.parametrize(
    ("stack", "production"),
    [
        *((one, True) for one in ("prod", "production", "shop-prod", "prod-jp", "jp_PROD_2")),
        *((one, False) for one in ("products", "reproduce", "dev")),
    ],
)
def test_a_name_says_production(stack: str, production: bool, project: Path) -> None:
    write(project, stack, "a: b")
    assert read_member(project, stack).protected is production


@pytest.mark.parametrize("text", ["a: [", "config: 3", "- a", "config: {1: 2}"])
def test_a_broken_file_is_its_stacks_own_fault(text: str, project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    assert "Pulumi.dev.yaml" in read_member(project, "dev").fault
    assert "dev" in chosen(project, every=True)[0]


def test_variables_of_a_stack_are_its_own_and_are_never_shown(project: Path) -> None:
    secret = "a${HOME}b#c"
    (project / "dev.env").write_text(
        f"AUTH0_CLIENT_SECRET='{secret}'\n# x\nAUTH0_DOMAIN=x", "utf-8"
    )
    (project / "sandbox.env").write_text("AUTH0_DOMAIN=own.example.jp", "utf-8")
    member = read_member(project, "dev", env_dir=project)
    assert member.variables["AUTH0_CLIENT_SECRET"] == secret
    assert secret not in repr(member)
    assert member.domain == "dev.example.jp", "the file wins, as with Pulumi"
    other = read_member(project, "sandbox", env_dir=project)
    assert (other.domain, other.own_domain) == ("own.example.jp", True)
    assert other.variables == {"AUTH0_DOMAIN": "own.example.jp"}


@pytest.mark.parametrize("spelt", ["https://shop-eu.EXAMPLE.jp/", "HTTPS://shop-eu.example.jp"])
def test_two_stacks_of_one_tenant_are_seen_whatever_the_spelling(project: Path, spelt: str) -> None:
    write(project, "copy", f"auth0:domain: {spelt}")
    members = [read_member(project, one) for one in ("dev", "copy", "shop-eu")]
    assert names(by_tenant(members)) == [["dev"], ["copy", "shop-eu"]]


def test_a_list_has_names_and_comments(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# ours\ndev\n\nshop-jp  # two\n", encoding="utf-8")
    assert listed(tmp_path / "list") == ["dev", "shop-jp"]
    (tmp_path / "list").write_text("# none\n", encoding="utf-8")
    for name, told in (("list", "names no stack"), ("gone", "cannot be read")):
        with pytest.raises(RefusedError, match=told):
            listed(tmp_path / name)


def members(*stacks: str) -> list[Member]:
    return [Member(stack=one, file=Path(one), domain=f"{one}.example.jp") for one in stacks]


def names(parts: list[list[Member]]) -> list[list[str]]:
    return [[one.stack for one in part] for part in parts]


@pytest.mark.parametrize(
    ("canaries", "found"),
    [
        (["b1", "a*"], [["b1"], ["a1", "a2"], ["c1"]]),
        ([], [["a1", "a2", "b1", "c1"]]),
        (["*"], [["a1", "a2", "b1", "c1"]]),
    ],
)
def test_each_canary_is_a_wave_and_the_rest_come_last(
    canaries: list[str], found: list[list[str]]
) -> None:
    assert names(waves(members("a1", "a2", "b1", "c1"), canaries)) == found


def test_a_canary_of_an_earlier_wave_ends_it() -> None:
    with pytest.raises(RefusedError, match="--canary a fits no selected stack"):
        waves(members("a", "b"), ["a", "a"])


TENANTS = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=4), st.sampled_from(["", "x", "y", "z", "w"])),
    unique_by=lambda pair: pair[0],
    max_size=30,
)


@given(TENANTS, st.integers(1, 9), st.randoms())
def test_shards_are_disjoint_complete_the_same_everywhere_and_keep_a_tenant_together(
    pairs: list[tuple[str, str]], count: int, chance: Any
) -> None:
    all_of_them = [Member(stack=name, file=Path(name), domain=domain) for name, domain in pairs]
    parts = [part_of(all_of_them, f"{index}/{count}") for index in range(1, count + 1)]
    found = [one.stack for part in parts for one in part]
    assert sorted(found) == sorted(name for name, _ in pairs)
    for domain in {one.domain for one in all_of_them} - {""}:
        assert sum(any(one.domain == domain for one in part) for part in parts) == 1
    tenants = [{one.domain or one.stack for one in part} for part in parts]
    assert max(map(len, tenants)) - min(map(len, tenants)) <= 1
    chance.shuffle(all_of_them)
    again = [part_of(all_of_them, f"{index}/{count}") for index in range(1, count + 1)]
    assert names(again) == names(parts)
