"""The Japanese pages: for their own reader, one word a thing, and not behind the English ones."""

import re
import warnings
from hashlib import sha1
from pathlib import Path

import pytest

from components.settings.model import StackSettings
from tests.contract import PROJECT
from tests.docs.shown import without_blocks
from tools.reference.settings import topics

START = PROJECT / "docs" / "README.ja.md"
PAGES = [START, *sorted(PROJECT.glob("docs/ja/*.md"))]
MADE = PROJECT / "docs" / "reference" / "reasons.ja.md"
LINK = re.compile(r"(?<!!)\[[^]]*\]\((?!https?:)([^)#\s]+)(?:#[^)\s]+)?\)(（英語）)?")
FOLLOWS = re.compile(r"\]\(([^)]+)\)（英語）、版 `([0-9a-f]{12})`")
BEHIND = (
    "{page} follows {name} as of {then}, which is {now} now: mend the Japanese, then the revision"
)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def is_japanese(page: Path) -> bool:
    return page.name.endswith(".ja.md") or page.parent == PROJECT / "docs" / "ja"


def revision(page: Path) -> str:
    """What `git hash-object` says, as git shortens it."""
    content = page.read_bytes()
    return sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()[:12]  # noqa: S324 - git's


def followed(page: Path) -> list[tuple[Path, str]]:
    """The English pages that a Japanese one follows, each with its revision."""
    _, _, last = page.read_text("utf-8").rpartition("\n対応する英語版：")
    return [((page.parent / name).resolve(), then) for name, then in FOLLOWS.findall(last)]


def behind(page: Path) -> list[str]:
    """What to tell of a page whose English one has moved."""
    return [
        BEHIND.format(page=page.name, name=one.name, then=then, now=revision(one))
        for one, then in followed(page)
        if revision(one) != then
    ]


@every_page
def test_it_names_the_english_page_that_it_follows_and_a_warning_says_when_that_moved(
    page: Path,
) -> None:
    assert followed(page)
    assert all(one.exists() and not is_japanese(one) for one, _ in followed(page))
    for told in behind(page):
        warnings.warn(told, stacklevel=1)


def test_a_page_that_is_behind_is_told_and_one_that_is_not_is_not(tmp_path: Path) -> None:
    english, page = tmp_path / "a.md", tmp_path / "b.ja.md"
    english.write_text("# A\n", "utf-8")
    revision = "7f3b95d29718"  # what git hash-object says
    page.write_text(f"# あ\n\n対応する英語版：[a](a.md)（英語）、版 `{revision}`\n", "utf-8")
    assert behind(page) == []
    english.write_text("# Another\n", "utf-8")
    (told,) = behind(page)
    assert told.endswith("mend the Japanese, then the revision")


@every_page
def test_a_link_says_whether_it_leads_to_english(page: Path) -> None:
    text = page.read_text("utf-8")
    wrong = [
        target
        for target, marked in LINK.findall(text)
        if target.endswith(".md") and bool(marked) == is_japanese((page.parent / target).resolve())
    ]
    assert wrong == []


def test_every_page_is_reached_from_the_first_one() -> None:
    linked = {(START.parent / target).resolve() for target, _ in LINK.findall(START.read_text())}
    assert {*PAGES, MADE} - {START} <= linked
    assert "(docs/README.ja.md)" in (PROJECT / "README.md").read_text("utf-8").partition("##")[0]


@every_page
def test_it_is_japanese(page: Path) -> None:
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", without_blocks(page.read_text("utf-8")))
    assert len(re.findall(r"[ぁ-ん]", plain)) > 300
    # Names of products have three words at most; a sentence that was left in English has more.
    assert re.findall(r"(?:[A-Za-z]+[ ,]+){4,}[A-Za-z]+", plain) == []


@pytest.mark.parametrize("page", [*PAGES, MADE], ids=lambda page: page.name)
def test_one_thing_has_one_word(page: Path) -> None:
    text, _, glossary = page.read_text("utf-8").partition("## 用語")
    text += glossary.rpartition("\n\n")[2]
    others = (
        *("配信方式", "送信元ID", "センダー", "ワンタイムパスワード", "認証番号"),
        *(f"{one}(?!ー)" for one in ("電話プロバイダ", "ブラウザ", "サーバ", "ユーザ")),
        "MFA要素(?!をカスタマイズ)",
    )
    assert re.findall("|".join(others), text) == []


@every_page
def test_settings_that_it_names_are_settings(page: Path) -> None:
    keys = {field.alias or name for name, field in StackSettings.model_fields.items()}
    named = re.findall(r"phonemfa:([A-Za-z]+)", page.read_text("utf-8"))
    assert set(named) <= keys | {"cpaasApiKey"}


def test_the_articles_steps_have_what_everybody_sets() -> None:
    text = (PROJECT / "docs" / "ja" / "article-steps.md").read_text("utf-8")
    assert [one.key for one in topics()[0][1] if f"`{one.key}" not in text] == []
    # Both ways of the article, and each of its steps: five and seven, and four.
    old, new = text.partition("## 旧テナント")[2].split("## 新テナント")
    assert {int(one) for one in re.findall(r"(?:設定|～|、) ?(\d)", old)} >= {1, 3, 4, 5, 6, 7}
    assert {int(one) for one in re.findall(r"(?:設定|～) ?(\d)", new)} >= {1, 2, 3, 4}


def test_the_input_is_that_of_the_english_first_page() -> None:
    block = re.compile(r"^```yaml\n.*?^```$", re.MULTILINE | re.DOTALL)
    pages = [PROJECT / "README.md", START]
    english, japanese = (block.findall(one.read_text("utf-8"))[0] for one in pages)
    assert english == japanese
