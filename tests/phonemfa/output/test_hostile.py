"""Whatever a tenant, an engine or a preview says stays text in every output of every command."""

import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer import Exit

from components.guards.test_message import Send, Verdict
from components.tenant.action import Version
from components.vocabulary import DeliveryMethod
from phonemfa.adopt.command import Changes
from phonemfa.adopt.plan import Fate, Plan, Row
from phonemfa.doctor import findings as doctor
from phonemfa.doctor.findings import Finding as Looked
from phonemfa.doctor.findings import Level, Subject
from phonemfa.drift import report as drift
from phonemfa.drift.findings import Finding, Repair
from phonemfa.fleet import run as fleet
from phonemfa.fleet.selection import Member
from phonemfa.output import document as doc
from phonemfa.output import terminal
from phonemfa.output.json_text import as_json
from phonemfa.output.junit import as_junit
from phonemfa.output.markdown import fence, prose, shortened, span
from phonemfa.output.page import SCRIPT, as_page
from phonemfa.pulumi.preview import read_preview
from phonemfa.report.document import as_comment, as_document
from phonemfa.report.summary import environment, failed
from phonemfa.rollback.command import Installed, show_versions
from phonemfa.smoke.command import SmokeResult
from tests.contract import PROJECT
from tests.phonemfa.output.rendered import Elements, Rendered
from tests.phonemfa.report.previews import PAYLOADS, owned

_PIECES = st.sampled_from(
    [
        *PAYLOADS,
        *("\x1b[2J\x1b]8;;https://evil.example\x07owned", "\x9b31m", "\x7f", "\u200f", "\u2067"),
        *("# ", "- ", "1. ", "| a | b |\n|---|---|", "\n", "\r\n", "`", "``", "@octo"),
        *("https://e.x", "[x](https://e.x)", "<b>", "&amp;", "[bold]rich[/bold]", "日本", " "),
        "[link=https://e.x]",
    ]
)
TEXTS = st.one_of(
    st.sampled_from(PAYLOADS),
    st.lists(_PIECES, min_size=1, max_size=4).map("".join),
    st.text(max_size=40),
)
_TAGS = {*("h2", "h3", "p", "ul", "li", "strong", "em", "code", "pre", "details", "summary", "sub")}


def drifted(text: str, **more: Any) -> drift.Report:
    found = Finding(
        kind="second-action", subject=text, what=text, expected=text, found=text, since=text,
        repair=Repair.BY_HAND, how=text, diff=f"--- a\n+++ b\n-{text}\n+{text}",
    )  # fmt: skip
    return drift.Report(stack=text, domain=text, findings=[found], **more)


def documents(text: str) -> Iterator[doc.Document]:
    """What each command says, with the text in every place that somebody else may fill."""
    yield drift.as_document(drifted(text))
    looked = Looked(level=Level.FAULT, subject=Subject.ACTION, what=text, fix=text)
    yield doctor.as_document("dev", text, [looked])
    member = Member(stack="t01", file=Path(), domain=text)
    ended = fleet.Outcome(state=fleet.State.FAILED, why=text)
    yield fleet.as_document("fleet up", {member: ended})
    yield everything(text)


def everything(text: str) -> doc.Document:
    """Every part that a document can have."""
    line: doc.Line = (text, doc.Code(text), doc.Strong(text), doc.Soft(text), *doc.words(text))
    below = (doc.Verbatim(text),)
    entry = doc.Entry(mark=doc.Mark.BAD, line=line, facts=((text, line),), fix=line, below=below)
    phone = doc.Phone(label=text, about=line, sender=text, text=text, below=text)
    blocks: tuple[doc.Block, ...] = (
        doc.Entries((entry,)),
        doc.Paragraph(line),
        doc.Small(line),
        doc.Verbatim(text, "diff"),
        doc.Folded(text, (doc.Paragraph(line),)),
        doc.Phones((phone, doc.Phone(label=text, below=text))),
        doc.Article(line, (doc.Paragraph(line),)),
    )
    return doc.Document(text, (doc.Section(text, blocks), *blocks))


def harmless(shown: str) -> None:
    """Nothing in it that a terminal obeys or an eye does not see."""
    left = [one for one in shown if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"}]
    # Ours: line feeds, tabs of a text, and joiners that break mentions or hold an emoji together.
    assert set(left) <= {"\n", "\t", "\u2060", "\u200d"}, repr(shown)


def on_a_terminal(show: Callable[[Console], None]) -> str:
    stream = io.StringIO()
    screen = terminal.SafeConsole(
        file=stream, width=80, force_terminal=True, color_system=None, markup=False, highlight=False
    )
    show(screen)
    return stream.getvalue()


def in_markdown(markdown: str) -> None:
    """Nothing in it is live where GitHub shows it."""
    harmless(markdown)
    rendered = Rendered(markdown)
    assert rendered.open == [], markdown
    assert rendered.tags <= _TAGS, markdown
    assert rendered.attributes <= {"pre lang"}, markdown
    live = re.search(r"(?<![\w@])[@#](?=\w)|https?://|www\.\w|\w@\w", rendered.prose)
    assert not live, markdown


_OF_A_PAGE = {
    *("html", "head", "meta", "title", "style", "script", "body", "header", "h1", "main", "br"),
    *("section", "h2", "ul", "li", "p", "code", "b", "i", "span", "pre", "div", "details"),
    *("summary", "figure", "figcaption", "article", "h3"),
}


def in_a_page(shown: str) -> None:
    """Nothing in it acts."""
    harmless(shown.encode("utf-8").decode("utf-8"))
    page = Elements(shown)
    assert page.tags <= _OF_A_PAGE
    # The one that shows the browser's language.
    assert page.scripts == SCRIPT
    assert not [one for one in page.attributes if re.search(r"^script | on| style$", one)]


class Word(StrEnum):
    """Words of an enumeration: strings to everything but their type's name."""

    KNOWN = "Risks"
    OTHER = "<b>"


@pytest.mark.parametrize("kind", [str, doc.Code, doc.Strong, doc.Soft])
def test_a_word_of_an_enumeration_is_text_as_any_other(kind: Callable[[str], doc.Part]) -> None:
    for word in Word:
        parts: tuple[doc.Part, doc.Part] = (word if kind is str else kind(word), kind(word.value))
        shown = [
            (as_page(made), shortened([made]))
            for made in (doc.Document("t", (doc.Paragraph((part, "x")),)) for part in parts)
        ]
        assert shown[0] == shown[1]


def test_what_stands_in_an_attribute_stays_in_it() -> None:
    out = '"><script>x</script>'
    link, picture = doc.Link("<i>", f"https://e.test/?a=1&b={out}"), doc.Picture(b"<svg/>", out)
    shown = as_page(doc.Document("t", (doc.Paragraph((link,)), picture)))
    assert Elements(shown).scripts == SCRIPT
    assert '<a href="https://e.test/?a=1&amp;b=&#34;&gt;&lt;script' in shown
    assert ">&lt;i&gt;</a>" in shown
    assert 'alt="&#34;&gt;&lt;script' in shown


@pytest.mark.parametrize(
    ("text", "opened"),
    [("one line", False), ("a\nb", True), ("\n" * 199, True), ("\n" * 200, False)],
)
def test_a_folded_text_is_open_where_it_is_short(text: str, opened: bool) -> None:
    shown = as_page(doc.Document("t", (doc.Folded("f", (doc.Verbatim(text),)),)))
    assert ("<details open>" in shown) == opened != ("<details>" in shown)


@given(TEXTS)
@settings(max_examples=25)
def test_nothing_is_live_in_any_output(text: str) -> None:
    for document in documents(text):
        harmless(on_a_terminal(partial(terminal.show, document)))
        in_markdown(shortened([document], note=(), limit=10**6))
        in_a_page(as_page(document))
    in_markdown(drift.body_of(drifted(text)))
    member = Member(stack="a", file=Path(), domain=text)
    board = fleet.Board(text, [member], {}, lines=False)
    board.changed(member, fleet.Outcome(state=fleet.State.FAILED, why=text))
    harmless(on_a_terminal(lambda screen: screen.print(board.table(20))))
    for report in (drifted(text), drifted(text, failure=text or "x")):
        junit = as_junit("drift", text, drift.cases(report))
        harmless(junit.encode("utf-8").decode("utf-8"))
        ET.fromstring(junit)  # noqa: S314 - our own text
    content = {text: [text, {"why": text}]}
    shown = as_json(content)
    harmless(shown.encode("utf-8").decode("utf-8"))
    assert json.loads(shown) == content


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_preview_full_of_it_is_harmless_in_every_output(payload: str) -> None:
    environments = [environment(read_preview(owned(payload))), failed(payload, payload)]
    in_a_page(as_page(as_document(environments)))
    in_markdown(as_comment(environments, whole=("elsewhere",)))
    harmless(as_json([asdict(one) for one in environments]))
    harmless(on_a_terminal(lambda screen: terminal.show(as_document(environments), screen)))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_commands_say_and_list_is_harmless(
    payload: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from phonemfa.adopt import command as adopt  # noqa: PLC0415
    from phonemfa.smoke import command as smoke  # noqa: PLC0415

    terminal.say(payload)
    with pytest.raises(Exit):
        terminal.give_up(payload)
    row = Row(part="Action", found=payload, becomes=payload, fate=Fate.WARNING)
    plan = Plan(rows=[row])
    adopt._show(payload, plan, Changes(code=frozenset(), files={}, replacements=()))
    version = Version.of_api({"id": "v", "number": 1, "created_at": payload, "status": "built"})
    installed = Installed(
        id="a", name=payload, trigger=payload, versions=(version,), running_id="v", declared=None
    )
    show_versions(installed)
    send = Send(method=DeliveryMethod.TEXT, verdict=Verdict.SENT, why=payload, evidence=None)
    smoke.show(SmokeResult(domain=payload, to=payload, sends=(send,)))
    captured = capsys.readouterr()
    harmless(captured.out)
    harmless(captured.err)
    assert "owned" in captured.out


def test_commands_write_through_the_outputs_alone() -> None:
    ways = re.compile(r"\bprint\(|\bConsole\(|typer\.echo\(")
    allowed = {
        "ci/command.py": 2,  # one of our words; a stack's file as YAML
        "cli.py": 1,  # the version
        "fleet/command.py": 1,  # names of stacks, which the shell has
        "report/command.py": 1,  # Markdown
        "audit.py": 1,  # the record, as JSON
    }
    product = PROJECT / "phonemfa"
    found = {
        str(path.relative_to(product)): len(ways.findall(path.read_text(encoding="utf-8")))
        for path in product.rglob("*.py")
        if path.parent.name != "output"
    }
    assert {path: count for path, count in found.items() if count} == allowed


_MARKS = st.text(alphabet=st.sampled_from("@#ao1 *_`<>![]()&;:/.\\-+=|~$\n\u202e"))
WRAPPED: dict[str, tuple[Callable[[str], str], set[str], str]] = {
    "a code span": (lambda text: f"x {span(text)} y", {"p", "code"}, "x  y"),
    "a fence": (
        lambda text: f"<details>\n\n{fence(text)}\n\n</details>\n\nend",
        {"details", "pre", "code", "p"},
        "end",
    ),
    "prose": (lambda text: f"x {prose(text)}", {"p"}, ""),
}


@pytest.mark.parametrize(("wrapped", "tags", "left"), WRAPPED.values(), ids=WRAPPED)
@given(text=st.text() | _MARKS)
def test_other_peoples_text_is_one_element_whatever_is_in_it(
    wrapped: Callable[[str], str], tags: set[str], left: str, text: str
) -> None:
    rendered = Rendered(wrapped(text))
    assert rendered.tags == tags
    assert not left or rendered.prose.strip() == left
    assert not re.search(r"[@#](?=\w)", rendered.prose)


@pytest.mark.parametrize("block", ["list", "fence"])
@pytest.mark.parametrize("limit", [60, 200, 600])
def test_what_does_not_fit_is_shown_as_far_as_it_does(block: str, limit: int) -> None:
    lines = [f"{'長' * 8} ```` {number}" for number in range(500)]
    listed = doc.Entries(tuple(doc.Entry(line=(one,)) for one in lines))
    shown: doc.Block = listed if block == "list" else doc.Verbatim("\n".join(lines))
    markdown = shortened([doc.Document("", (shown,))], limit=limit)
    assert limit - 40 < len(markdown.rstrip().encode("utf-16-le")) // 2 <= limit
    assert markdown.endswith("\n\n**Shortened.**\n")
    assert Rendered(markdown).open == []
    assert Rendered(markdown).prose.strip().endswith("Shortened.")
