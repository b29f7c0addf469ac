"""A document as Markdown that GitHub shows as it is.

Nothing of other people's text becomes live: no mention, link, image, HTML or end of a fence.
"""

import html
import re
from collections.abc import Iterable, Iterator
from typing import Final

from phonemfa.output import document as doc
from phonemfa.output.text import cut, encodable, on_one_line, visible

LONGEST: Final = 60_000
"""UTF-16 units of a comment or an issue; GitHub takes 65,536 characters."""

_LONGEST_SPAN: Final = 600
"""Two names of hosts and more: of a new address the end says whose it is."""
_LONGEST_PROSE: Final = 900
_MOST_ENTRIES: Final = 30
"""Of one list."""
_PUNCTUATION: Final = re.compile(r"([\\`*_\[\]<>&!~|$])")
"""What has a meaning inside of a line; other marks have one at its beginning alone."""
_MORE: Final = re.compile(r"… and \d+ more")
"""What a list, a diff or a row of messages ends with that is not shown to its end."""
_BEGINS_A_BLOCK: Final = re.compile(r"^(?=[-+=:])|^(\d+)(?=[.)])")
_WORD_JOINER: Final = "\u2060"
_LIVE: Final = re.compile(r"[@#]|:(?=//)|www(?=\.)", re.IGNORECASE)
"""What GitHub makes a mention, a reference or a link of, wherever it is not code."""


def shortened(
    documents: Iterable[doc.Document], *, note: doc.Line = (), limit: int = LONGEST
) -> str:
    """The first of ever shorter documents that fits, or the beginning of the last, with a note.

    Args:
        documents: the same, said at length first. The first has no note where all of it is shown.
        note: says where the whole is, if it is anywhere.
        limit: UTF-16 units, as GitHub counts.
    """
    said = prose_of(note) or "**Shortened.**"
    chunks: list[str] = []
    for index, document in enumerate(documents):
        chunks = list(_chunks(document))
        whole = not index and not any(map(_MORE.search, chunks))
        text = "\n\n".join(chunks if whole else [*chunks, said])
        if _length(text) <= limit:
            return encodable(text) + "\n"
    # Each chunk can be the last, and the most important ones come first.
    kept, left = [], limit - _length(said) - 2
    for chunk in chunks:
        left -= _length(chunk) + 2
        if left < 0:
            kept += _beginning(chunk, left + _length(chunk))
            break
        kept.append(chunk)
    return encodable("\n\n".join([*kept, said])) + "\n"


def _beginning(chunk: str, room: int) -> list[str]:
    """As many lines of a list or a fence as there is room for; of anything else nothing."""
    if not chunk.startswith(("- ", "```")):
        return []
    lines, kept = chunk.split("\n"), []
    end = [lines.pop()] if chunk.startswith("```") else []
    room -= sum(_length(one) + 1 for one in end)
    for line in lines:
        room -= _length(line) + 1
        if room < -1:  # The last line ends without a break.
            break
        kept.append(line)
    return ["\n".join([*kept, *end])] if len(kept) > len(end) else []


def span(text: str) -> str:
    """The text as a code span on one line."""
    line = cut(on_one_line(text), _LONGEST_SPAN) or " "
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fence(text: str, language: str = "text") -> str:
    """The text in a fence that is longer than any run of backticks in it."""
    shown = visible(text.replace("\r\n", "\n"))
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return f"{ticks}{language}\n{shown}\n{ticks}"


def prose(text: str) -> str:
    """The text as words inside of a paragraph: no markup, mention, reference or address."""
    shown = visible(text)
    line = cut(" ".join(shown.split()), _LONGEST_PROSE)
    escaped = _PUNCTUATION.sub(r"\\\1", _broken(line))
    # A part of a line keeps the spaces that it has towards its neighbours.
    before = " " if shown[:1].isspace() else ""
    after = " " if line and shown[-1:].isspace() else ""
    return f"{before}{escaped}{after}"


def _broken(text: str) -> str:
    # Escapes alone do not stop GitHub: it looks at what Markdown has made of them.
    return _LIVE.sub(lambda found: f"{found[0]}{_WORD_JOINER}", text)


def prose_of(line: doc.Line) -> str:
    """A line of a document; at its beginning no mark begins a list or a heading."""
    text = "".join(_part(one) for one in line).strip()
    return _BEGINS_A_BLOCK.sub(lambda found: f"{found[1] or ''}\\", text)


def _part(part: doc.Part) -> str:
    match part:
        case doc.Code(text):
            return span(text)
        case doc.Strong(text):
            return f"**{prose(text).strip()}**"
        case doc.Soft(text):
            return f"*{prose(text).strip()}*"
        case doc.Link(text, address):
            return f"[{prose(text)}]({address})"
        case str():
            return prose(part)


def _chunks(document: doc.Document) -> Iterator[str]:
    if document.title:
        yield f"## {prose(document.title)}"
    yield from _blocks(document.blocks)


def _blocks(blocks: Iterable[doc.Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case doc.Section(title, inner):
                yield f"### {prose(title)}"
                yield from _blocks(inner)
            case doc.Article(title, inner):
                yield prose_of(title)
                yield from _blocks(inner)
            case doc.Entries(entries):
                yield from _list(entries)
            case doc.Paragraph(line):
                yield prose_of(line)
            case doc.Small(line):
                yield f"<sub>{prose_of(line)}</sub>"
            case doc.Verbatim(text, language):
                yield fence(text, language)
            case doc.Folded(title, inner):
                # Markdown's escapes are none in HTML. Empty lines make GitHub read Markdown again.
                summary = html.escape(_broken(on_one_line(title)))
                body = "\n\n".join(_blocks(inner))
                yield f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"
            case doc.Picture(_, words):
                yield prose(words)
            case doc.Phones(phones):
                yield "\n\n".join(_phone(one) for one in phones)


def _list(entries: tuple[doc.Entry, ...]) -> Iterator[str]:
    lines = [_entry(one) for one in entries[:_MOST_ENTRIES]]
    if len(entries) > _MOST_ENTRIES:
        lines.append(f"- … and {len(entries) - _MOST_ENTRIES} more")
    # One chunk, as the lines between two of them would make it a loose list.
    yield "\n".join(lines)
    for one in entries[:_MOST_ENTRIES]:
        yield from _blocks(one.below)


def _entry(entry: doc.Entry) -> str:
    mark = f"{entry.mark.emoji} " if entry.mark else ""
    fix = f" *To do:* {prose_of(entry.fix)}" if entry.fix else ""
    facts = [f"  - {prose_of((label,))}: {prose_of(fact)}" for label, fact in entry.facts]
    return "\n".join([f"- {mark}{prose_of(entry.line)}{fix}", *facts])


def _phone(phone: doc.Phone) -> str:
    if phone.text is None:
        return f"{prose_of((phone.label,))}: {prose(phone.below)}."
    return f"{prose_of((phone.label,))} ({prose_of(phone.about)}):\n{fence(phone.text)}"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
