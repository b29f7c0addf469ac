"""A document as one HTML page (`page.html.j2`), with messages as phones show them.

The page loads nothing: its policy allows the one style and the one line of script that are in it,
and jinja2 escapes all text. What has a Japanese sentence is in it twice; the script shows the one
of the browser's language. Without it the page is English.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phonemfa.output import document as doc
from phonemfa.output.japanese import translated
from phonemfa.output.text import encodable, visible

_FOLDER: Final = Path(__file__).parent
SCRIPT: Final = "if(/^ja\\b/i.test(navigator.language))document.documentElement.lang='ja'"
_KANA: Final = re.compile(r"[ぁ-ヿｦ-ﾟ]")
_OPEN_UP_TO: Final = 200
"""Lines of a folded text that is shown at once."""


def as_page(document: doc.Document) -> str:
    """The whole document as one self-contained page."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return encodable(_macros().Document(document, style, SCRIPT))


@cache
def _macros() -> Any:
    """The template's macros; that of a block, or of a part of a line, has the name of its type."""
    made = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)

    def each(parts: Iterable[doc.Block | doc.Part]) -> Iterator[str]:
        for one in parts:
            kind = str if isinstance(one, str) else type(one)  # a word of an enumeration is text
            yield getattr(macros, kind.__name__)(one)

    made.globals.update(each=each, is_short=_is_short)
    made.filters.update(
        base64=lambda content: b64encode(content).decode(),
        kind_of_row=_kind_of_row,
        sha256=lambda text: b64encode(sha256(text.encode()).digest()).decode(),
        translated=translated,
        visible=visible,
    )
    made.tests["japanese"] = _KANA.search
    macros: Any = made.get_template("page.html.j2").module
    return macros


def _is_short(folded: doc.Folded) -> bool:
    texts = [one.text for one in folded.blocks if isinstance(one, doc.Verbatim)]
    return 0 < sum(text.count("\n") for text in texts) < _OPEN_UP_TO


def _kind_of_row(row: str) -> str:
    if row.startswith(("@@", "--- ", "+++ ")):
        return "hunk"
    return {"+": "added", "-": "removed"}.get(row[:1], "context")
