"""How commands speak to people: results on standard output, everything else on standard error.

Whatever is printed goes through these consoles, which write out every character that a terminal
would obey or hide. Colours are rich's decision: none when the stream is no terminal or NO_COLOR is
set.
"""

import errno
import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn, TextIO

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from components.tenant.client import Heard
from phonemfa.exits import Exit
from phonemfa.files import told
from phonemfa.output import document as doc
from phonemfa.output.text import on_one_line, visible

PATIENCE: Final = 2.0
"""Seconds that may pass in silence."""

REMINDER: Final = 15.0
"""Seconds between two lines of a log that nobody watches live."""

_STYLES: Final = {doc.Code: "", doc.Strong: "bold", doc.Soft: "dim", doc.Link: "underline"}
_HANGING: Final = 2
"""Columns by which the further lines of one that was wrapped are indented: under its words."""
_WORD: Final = re.compile(r"[\u3041-\uffef][、。」）]*\s*|[^\s\u3041-\uffef]+\s*|\s+")
"""Japanese may be broken after any letter, and no line begins with what ends a sentence."""
_DIFF: Final = {"@": "dim", "+": "green", "-": "red"}


class SafeConsole(Console):
    """A console whose text cannot move the cursor, colour, hide or turn around anything."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """As on a full disk; rich would end the process, whichever stream it was."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def results() -> Console:
    """Where a command's result goes."""
    return SafeConsole(markup=False, highlight=False)


def notes() -> Console:
    """Where progress and warnings go, so that a piped result stays clean."""
    return SafeConsole(stderr=True, markup=False, highlight=False)


def say(line: str, *, style: str = "") -> None:
    """A line of progress, a warning or a next step; what is indented is to be copied, and whole.

    Where it cannot be told, on a full disk or to a reader that is gone, the work goes on.
    """
    console = notes()
    try:
        for one in line.split("\n"):
            for piece in _wrapped(Text(one, style=style, no_wrap=one.startswith("  ")), console, 0):
                console.print(piece, soft_wrap=True)
    except OSError:
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Let a stream take what it refused: Python would try once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def give_up(message: str) -> NoReturn:
    """Say why there is no answer, and end with `Exit.UNANSWERED`."""
    say(message)
    raise typer.Exit(Exit.UNANSWERED)


def run_app(app: typer.Typer, **options: str) -> NoReturn:
    """Run a program; a disk that does not take or give what it should is told in words."""
    if not os.environ.get("COLUMNS", "80").strip("0"):
        # In no columns, as of a terminal without a size, rich shows nothing.
        del os.environ["COLUMNS"]
    # Closed ones: a result that is lost is told as on a full disk, what nobody can be told is not.
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # A letter that it cannot show ends nothing.
            stream.reconfigure(errors="backslashreplace")
    if sys.stdin is None:  # A closed one is no terminal, and has no line.
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if isinstance(sys.stdin, io.TextIOWrapper):  # Bytes that are no text end in no traceback.
        sys.stdin.reconfigure(errors="replace")
    try:
        try:
            app(**options)
        finally:
            sys.stdout.flush()
    except OSError as error:
        say(told(error))
        drop(sys.stdout)
        sys.exit(Exit.UNANSWERED)
    raise AssertionError  # typer ends the process itself


def show(document: doc.Document, console: Console | None = None) -> None:
    """A result for a person; without a console, on standard output."""
    console = console or results()
    if document.title:
        console.print(Text(on_one_line(document.title), style="bold"), soft_wrap=True)
    for indent, text in _lines(document.blocks, 0):
        left = indent
        for line in _wrapped(text, console, indent + _HANGING):
            console.print(Text(" " * left).append_text(line), soft_wrap=True)
            left = indent + _HANGING


def _wrapped(text: Text, console: Console, indent: int) -> Iterable[Text]:
    """Lines that fit a terminal, words whole: ids are copied. Elsewhere the line as it is."""
    if not console.is_terminal or not text or text.no_wrap:
        return [text]
    room = max(20, console.width - indent)
    offsets, width = [], 0
    for word in _WORD.finditer(text.plain):
        if width and width + cell_len(word[0].rstrip()) > room:
            offsets.append(word.start())
            width = 0
        width += cell_len(word[0])
    lines = text.divide(offsets)
    for line in lines:
        line.rstrip()
    return lines


def _lines(blocks: Iterable[doc.Block], indent: int) -> Iterator[tuple[int, Text]]:
    for block in blocks:
        match block:
            case doc.Entries(entries):
                for entry in entries:
                    yield from _entry(entry, indent)
            case doc.Section(title, inner):
                yield indent, Text()
                yield indent, Text(on_one_line(title), style="bold")
                yield from _lines(inner, indent)
            case doc.Article(title, inner):
                yield indent, _text(title)
                yield from _lines(inner, indent + 4)
            case doc.Folded(title, inner):
                yield indent, Text(on_one_line(title), style="dim")
                yield from _lines(inner, indent)
            case doc.Verbatim(text, language):
                for line in visible(text).split("\n"):
                    style = _DIFF.get(line[:1], "") if language == "diff" else ""
                    yield indent, Text(line, style=style, no_wrap=language == "sh")
            case doc.Phones(phones):
                for phone in phones:
                    yield indent, _text((doc.Strong(phone.label), " ", *phone.about))
                    yield from _lines([doc.Verbatim(phone.text or phone.below)], indent + 4)
            case doc.Picture(_, words):
                yield indent, _text((words,))
            case doc.Paragraph(line) | doc.Small(line):
                yield indent, _text(line)


def _entry(entry: doc.Entry, indent: int) -> Iterator[tuple[int, Text]]:
    mark = entry.mark
    sign = Text().append(f"{mark.sign} ", mark.colour) if mark else Text()
    yield indent, sign.append_text(_text(entry.line))
    for label, fact in entry.facts:
        yield indent + 4, Text().append(f"{label}: ", "dim").append_text(_text(fact))
    if entry.fix:
        yield indent + 4, Text().append("→ ", "bold").append_text(_text(entry.fix))
    yield from _lines(entry.below, indent + 4)


def _text(line: doc.Line) -> Text:
    text = Text()
    for part in line:
        words = part if isinstance(part, str) else part.text
        # The spaces around code are ours: those inside of a string are kept.
        shown = visible(words).replace("\n", " ")
        text.append(shown, style="" if isinstance(part, str) else _STYLES[type(part)])
    return text


@contextmanager
def working(what: str, *, patience: float = PATIENCE) -> Iterator[Heard]:
    """Show that `what` runs: a spinner on a terminal, else a line once `patience` s have passed.

    Only in the main thread: where several work, one table shows them all. A tenant that is asked
    meanwhile makes it wait where its rate limit is small: that is told, by the `Heard` that the
    block gives to `ask`.
    """
    heard = Heard()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    console = notes()
    if console.is_terminal:
        with console.status(_Status(what, heard)):
            yield heard
        return
    begun = time.monotonic()

    def so_far() -> str:
        told = filter(None, [f"{time.monotonic() - begun:.0f}s", _why(heard)])
        return f"{what} ({', '.join(told)})"

    with reminded(so_far, patience):
        yield heard


@contextmanager
def reminded(so_far: Callable[[], str], patience: float) -> Iterator[None]:
    """Say how far it is, first after `patience` s, where nobody watches live."""
    ended = threading.Event()

    def remind() -> None:
        pause = patience
        while not ended.wait(pause):
            say(f"… {so_far()}")
            pause = REMINDER

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        ended.set()
        reminder.join()


@dataclass(frozen=True)
class _Status:
    """What runs, looked at anew each time that the terminal is drawn."""

    what: str
    heard: Heard

    def __rich__(self) -> Text:
        why = _why(self.heard)
        return Text(f"{self.what} ({why})" if why else self.what)


def _why(heard: Heard) -> str:
    if not heard.refusals:
        return ""
    return f"it waits for the tenant's rate limit: 429 × {heard.refusals}"
