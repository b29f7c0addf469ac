from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config_files import stack_names
from phonemfa.fleet.selection import (
    Member,
    SelectionError,
    Wanted,
    by_tenant,
    listed,
    part_of,
    read_member,
    select,
    waves,
)

FILES: dict[str, dict[str, object]] = {
    "dev": {"auth0:domain": "dev.example.jp"},
    "prod": {"auth0:domain": "login.example.jp"},
    "sandbox": {},
    "shop-eu": {"auth0:domain": "Shop-EU.example.jp", "phonemfa:protect": True},
    "shop-jp": {"auth0:domain": "shop-jp.example.jp"},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("AUTH0_DOMAIN", raising=False)
    for stack, config in FILES.items():
        lines = [f"  {key}: {str(value).lower()}" for key, value in config.items()]
        text = "\n".join(["config:", "  phonemfa:policy: never", *lines])
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: phonemfa", encoding="utf-8")
    return tmp_path


def chosen(project: Path, wanted: Wanted) -> list[str]:
    found = select(stack_names(project), wanted, lambda stack: read_member(project, stack))
    return [one.stack for one in found.members]


def test_nothing_is_selected_without_a_word(project: Path) -> None:
    with pytest.raises(SelectionError, match=r"--all.*dev, prod, sandbox, shop-eu, shop-jp"):
        chosen(project, Wanted())


def test_names_globs_and_lists_add_up_and_exclusions_win(project: Path) -> None:
    wanted = Wanted(patterns=["shop-*"], listed=["dev", "shop-eu"], excluded=["*-eu"])
    assert chosen(project, wanted) == ["dev", "shop-jp"]


@pytest.mark.parametrize("wanted", [Wanted(patterns=["dve"]), Wanted(patterns=["sho-*"])])
def test_a_word_that_fits_no_stack_is_a_slip_and_ends_it(project: Path, wanted: Wanted) -> None:
    with pytest.raises(SelectionError, match="No stack has this name"):
        chosen(project, wanted)


def test_an_exclusion_that_fits_nothing_is_a_slip_too(project: Path) -> None:
    with pytest.raises(SelectionError, match=r"prdo\*"):
        chosen(project, Wanted(every=True, excluded=["prdo*"]))


@pytest.mark.parametrize(
    "wanted", [Wanted(every=True, writes=True), Wanted(patterns=["*"], writes=True)]
)
def test_a_wildcard_takes_no_production_along_to_be_written_to(
    project: Path, wanted: Wanted
) -> None:
    found = select(stack_names(project), wanted, lambda stack: read_member(project, stack))
    assert [one.stack for one in found.members] == ["dev", "shop-jp"]
    assert set(found.left_out) == {"prod", "shop-eu", "sandbox"}


def test_production_is_written_to_when_it_is_named_or_asked_for(project: Path) -> None:
    assert chosen(project, Wanted(patterns=["prod"], writes=True)) == ["prod"]
    assert chosen(project, Wanted(listed=["prod"], writes=True)) == ["prod"]
    every = Wanted(every=True, writes=True, include_protected=True)
    assert chosen(project, every) == ["dev", "prod", "shop-eu", "shop-jp"]


def test_reading_takes_production_along(project: Path) -> None:
    assert chosen(project, Wanted(every=True)) == ["dev", "prod", "shop-eu", "shop-jp"]


def test_a_stack_that_names_no_tenant_is_only_meant_by_name(project: Path) -> None:
    assert chosen(project, Wanted(patterns=["sandbox"])) == ["sandbox"]


@pytest.mark.parametrize("stack", ["prod", "production", "shop-prod", "prod-jp", "jp_PROD_2"])
def test_a_name_says_production(stack: str, project: Path) -> None:
    (project / f"Pulumi.{stack}.yaml").write_text("config: {a: b}", encoding="utf-8")
    assert read_member(project, stack).protected


@pytest.mark.parametrize("stack", ["products", "reproduce", "dev"])
def test_other_names_do_not(stack: str, project: Path) -> None:
    (project / f"Pulumi.{stack}.yaml").write_text("config: {a: b}", encoding="utf-8")
    assert not read_member(project, stack).protected


@pytest.mark.parametrize("text", ["a: [", "config: 3", "- a", "config: {1: 2}"])
def test_a_broken_file_is_its_stacks_own_fault(text: str, project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    member = read_member(project, "dev")
    assert "Pulumi.dev.yaml" in member.fault
    assert "dev" in chosen(project, Wanted(every=True))


def test_variables_of_a_stack_are_its_own_and_are_never_shown(project: Path) -> None:
    (project / "dev.env").write_text(
        "AUTH0_CLIENT_SECRET='a${HOME}b#c'\n# x\nAUTH0_DOMAIN=x", "utf-8"
    )
    (project / "sandbox.env").write_text("AUTH0_DOMAIN=own.example.jp", "utf-8")
    member = read_member(project, "dev", env_dir=project)
    assert member.variables["AUTH0_CLIENT_SECRET"] == "a${HOME}b#c"
    assert "a${HOME}b#c" not in repr(member)
    assert member.domain == "dev.example.jp", "the file wins, as with Pulumi"
    other = read_member(project, "sandbox", env_dir=project)
    assert (other.domain, other.own_domain) == ("own.example.jp", True)
    assert other.variables == {"AUTH0_DOMAIN": "own.example.jp"}


def test_two_stacks_of_one_tenant_are_seen_whatever_the_spelling(project: Path) -> None:
    (project / "Pulumi.copy.yaml").write_text(
        "config: {'auth0:domain': 'https://shop-eu.EXAMPLE.jp/'}", encoding="utf-8"
    )
    members = [read_member(project, one) for one in ("dev", "copy", "shop-eu")]
    several = [one for one in by_tenant(members) if len(one) > 1]
    assert [[one.stack for one in group] for group in several] == [["copy", "shop-eu"]]


def test_a_list_has_names_and_comments(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("# ours\ndev\n\nshop-jp  # two\n", encoding="utf-8")
    assert listed(tmp_path / "list") == ["dev", "shop-jp"]
    (tmp_path / "list").write_text("# none\n", encoding="utf-8")
    with pytest.raises(SelectionError, match="names no stack"):
        listed(tmp_path / "list")
    with pytest.raises(SelectionError, match="cannot be read"):
        listed(tmp_path / "gone")


# --- waves ---


def members(*stacks: str) -> list[Member]:
    return [Member(stack=one, file=Path(one), domain=f"{one}.example.jp") for one in stacks]


def names(parts: list[list[Member]]) -> list[list[str]]:
    return [[one.stack for one in part] for part in parts]


def test_each_canary_is_a_wave_and_the_rest_come_last() -> None:
    found = waves(members("a1", "a2", "b1", "c1"), ["b1", "a*"])
    assert names(found) == [["b1"], ["a1", "a2"], ["c1"]]
    assert names(waves(members("a", "b"), [])) == [["a", "b"]]
    assert names(waves(members("a"), ["a"])) == [["a"]]


@pytest.mark.parametrize("canaries", [["x"], ["a", "a"]])
def test_a_canary_that_is_nobody_ends_it(canaries: list[str]) -> None:
    with pytest.raises(SelectionError, match="--canary"):
        waves(members("a", "b"), canaries)


# --- shards ---

TENANTS = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=4), st.sampled_from(["", "x", "y", "z", "w"])),
    unique_by=lambda pair: pair[0],
    max_size=30,
)


@given(TENANTS, st.integers(1, 9), st.randoms())
def test_shards_are_disjoint_complete_the_same_everywhere_and_keep_a_tenant_together(
    pairs: list[tuple[str, str]], count: int, chance: object
) -> None:
    all_of_them = [Member(stack=name, file=Path(name), domain=domain) for name, domain in pairs]
    parts = [part_of(all_of_them, f"{index}/{count}") for index in range(1, count + 1)]
    found = [one.stack for part in parts for one in part]
    assert sorted(found) == sorted(name for name, _ in pairs)
    for domain in {one.domain for one in all_of_them} - {""}:
        assert sum(any(one.domain == domain for one in part) for part in parts) == 1
    shuffled = list(all_of_them)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    again = [part_of(shuffled, f"{index}/{count}") for index in range(1, count + 1)]
    assert names(again) == names(parts)


def test_shards_are_of_one_size_as_far_as_they_can() -> None:
    fifty = members(*(f"t{number:02}" for number in range(50)))
    sizes = [len(part_of(fifty, f"{index}/8")) for index in range(1, 9)]
    assert sorted(sizes) == [6, 6, 6, 6, 6, 6, 7, 7]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "a/b", "-1/3", "1/3/5"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match="--shard"):
        part_of([], text)
