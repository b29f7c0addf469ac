"""The pages: short and reached; what they name is there, and what they promise is tested."""

import re
from pathlib import Path

import yaml

from components.settings.model import StackSettings
from tests.contract import PROJECT
from tests.docs.shown import GENERATED, pages, without_blocks
from tests.stacks import stack_settings
from tools.reference.settings import topics

DOCS = PROJECT / "docs"
README = (PROJECT / "README.md").read_text("utf-8")
LIMIT = 24_000
FOLDERS = "actions|adopted|components|docs|phonemfa|policy|sandbox|template|tests|tools"
NAMED = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)(?:::(\w+))?`")
MADE_LATER = ("adopted/", "phonemfa/components/", "phonemfa/actions/", "phonemfa/policy/")
"""What only a stack's own repository has, and what is there in the wheel alone."""


# --- How long they are. --------------------------------------------------------------------------


def words(text: str) -> int:
    """Whatever has a letter or a digit; blocks of code, comments and addresses do not count."""
    plain = re.sub(r"<!--.*?-->", "", without_blocks(text), flags=re.DOTALL)
    plain = re.sub(r"\]\([^)]*\)", "]", plain)
    return sum(bool(re.search(r"[A-Za-z0-9]", one)) for one in plain.split())


def test_readme_and_docs_have_few_enough_words() -> None:
    """Without what is made from the code and what is Japanese."""
    left_out = {GENERATED, DOCS / "ja"}
    english = [one for one in DOCS.rglob("*.md") if not left_out & {*one.parents}]
    english = [PROJECT / "README.md", *(one for one in english if ".ja." not in one.name)]
    counted = {page: words(page.read_text("utf-8")) for page in english}
    longest = sorted(counted, key=lambda page: -counted[page])[:5]
    told = ", ".join(f"{page.relative_to(PROJECT)} {counted[page]}" for page in longest)
    assert sum(counted.values()) <= LIMIT, f"{sum(counted.values())} words; the longest: {told}"
    assert len(counted) > 40
    assert len(README.splitlines()) <= 110


def test_what_counts_as_a_word() -> None:
    text = "# One two\n\n| `three` | – |\n|---|---|\n\n[four](docs/five.md) <!-- six -->\n"
    assert words(text) == 4
    assert words(f"{text}\n```\nmake up and more\n```\n") == 4


# --- What they lead to. --------------------------------------------------------------------------


def test_every_page_is_linked_from_the_index() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = {(DOCS / one).resolve() for one in re.findall(r"\]\(([^)#]+)\)", index)}
    found = [one for one in DOCS.rglob("*") if one.suffix in {".md", ".yml", ".json"}]
    assert len(found) > 30
    missing = [str(one.relative_to(DOCS)) for one in found if one.resolve() not in linked]
    assert missing == ["README.md"], "add a row to docs/README.md"


def named_in(page: Path) -> list[tuple[str, str]]:
    found = NAMED.findall(page.read_text("utf-8"))
    return [(path, test) for path, test in found if not path.startswith(MADE_LATER)]


def test_what_a_page_names_is_there_a_test_in_its_file() -> None:
    named = [(page, PROJECT / path, test) for page in pages() for path, test in named_in(page)]
    assert len(named) > 50
    gone = [
        f"{page}: {path}::{test}"
        for page, path, test in named
        if not path.exists() or (test and f"def {test}(" not in path.read_text("utf-8"))
    ]
    assert gone == []


def test_files_of_tests_that_code_and_settings_name_are_there() -> None:
    """In a comment or a list: who moves tests about finds what speaks of them."""
    found = [*PROJECT.glob("*.toml"), *PROJECT.glob("*.py")]
    found += [one for top in FOLDERS.split("|") for one in (PROJECT / top).rglob("*.*")]
    sources = [one for one in found if one.suffix in {".py", ".toml", ".yaml"}]
    paths = [f"/{one.relative_to(PROJECT)}" for one in sources if "node_modules" not in one.parts]
    gone = {
        f"{path}: {name}"
        for path in paths
        for name in re.findall(r"[\w/.-]*\btest_\w+\.py\b", (PROJECT / path[1:]).read_text("utf-8"))
        if not any(other.endswith(f"/{name}") for other in paths)
    }
    assert gone == set()


def test_the_worked_example_names_every_file_that_knows_the_setting() -> None:
    text = (DOCS / "CONTRIBUTING.md").read_text("utf-8")
    _, _, rows = text.partition("| File | What to add |")
    named = set(re.findall(r"^\| `([\w./-]+)` \|", rows.partition("\n\n")[0], re.MULTILINE))
    spelt = re.compile("recipientLimit|recipient_limit|RECIPIENT_LIMIT")
    product = ("actions/*.md", "actions/src/*.js", "components/*.py", "phonemfa/**/*.py")
    sources = [
        path for one in (*product, "policy/*.py", "*.md", "*.py") for path in PROJECT.glob(one)
    ]
    knowing = {
        str(path.relative_to(PROJECT)) for path in sources if spelt.search(path.read_text("utf-8"))
    }
    assert knowing <= named
    assert [one for one in named if not spelt.search((PROJECT / one).read_text("utf-8"))] == []


# --- The first page. -----------------------------------------------------------------------------


def test_its_input_is_nine_lines_that_a_stack_takes_whole() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(block.splitlines()) == 9
    config = yaml.safe_load(block)["config"]
    assert set(config.pop("phonemfa:cpaasApiKey")) == {"secure"}
    namespace = "phonemfa:"
    settings = {key[9:]: value for key, value in config.items() if key.startswith(namespace)}
    assert stack_settings(**settings).policy == "always"
    # Nothing that a stack must say is left out, and nothing with a default is said.
    required = {one.key for one in topics()[0][1]}
    assert set(settings) == required
    assert {field.alias or name for name, field in StackSettings.model_fields.items()} > required


def test_it_shows_what_a_reviewer_and_a_user_see_before_what_is_a_stand_in() -> None:
    pictures = re.findall(r"^!\[[^]]+\]\((docs/images/[^)]+)\)$", README, re.MULTILINE)
    assert len(pictures) == 2
    assert all((PROJECT / one).exists() for one in pictures)
    benefit, _, rest = README.partition("## Try it")
    assert "stand-in" not in benefit.lower()
    assert "Stand-ins" in rest


# --- SECURITY.md and the pages for a bank. -------------------------------------------------------


def test_each_protection_names_a_test() -> None:
    """That it is there, is asked of every page."""
    _, _, table = (DOCS / "SECURITY.md").read_text("utf-8").partition("| Shown by |\n")
    rows = [one for one in table.partition("\n\n")[0].splitlines() if not one.startswith("|---")]
    assert len(rows) >= 20
    for row in rows:
        cells = [one.strip() for one in re.split(r"(?<!\\)\|", row)[1:-1]]
        assert len(cells) == 4
        assert all(cells), row
        assert re.search(r"`(tests/[\w./]+\.py)::(test_\w+)`", cells[3]), f"which test? {row}"


def test_both_pages_for_a_bank_have_the_same_tables_and_sources() -> None:
    both = [(DOCS / "security" / name).read_text("utf-8") for name in ("README.md", "README.ja.md")]
    for counted in (r"^## ", r"^\|", r"^\d+\. ", r"\[\d\]"):
        english, japanese = (len(re.findall(counted, one, re.MULTILINE)) for one in both)
        assert english == japanese, counted
    names = [set(re.findall(r"`(?:phonemfa:)?([a-z][A-Za-z]+)[`:]", one)) for one in both]
    assert names[0] == names[1]
