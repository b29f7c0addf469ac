"""A document as one HTML page, with messages as phones show them.

The page loads nothing: its policy allows the one style and the one line of script that are in it,
and all text went through markupsafe's escaping. What has a Japanese sentence is in it twice; the
script shows the one of the browser's language. Without it the page is English.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from markupsafe import Markup

from phonemfa.output import document as doc
from phonemfa.output.japanese import translated
from phonemfa.output.text import encodable, visible

_STYLE: Final = Path(__file__).with_name("page.css")
SCRIPT: Final = "if(/^ja\\b/i.test(navigator.language))document.documentElement.lang='ja'"
_KANA: Final = re.compile(r"[ぁ-ヿｦ-ﾟ]")
_OPEN_UP_TO: Final = 200
"""Lines of a folded text that is shown at once."""
_PAGE: Final = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; \
img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
<script>{script}</script>
</head>
<body>
<header><h1>{heading}</h1></header>
<main>
{body}
</main>
</body>
</html>
""")
_ICONS: Final = {"text": "✉", "voice": "☎"}


def as_page(document: doc.Document) -> str:
    """The whole document as one self-contained page."""
    style = _STYLE.read_text(encoding="utf-8")
    page = _PAGE.format(
        # Ours, and named by their hashes in the page's policy: no other style or script can apply.
        style=Markup(style),  # noqa: S704
        style_hash=_hash(style),
        script=Markup(SCRIPT),  # noqa: S704
        script_hash=_hash(SCRIPT),
        title=visible(document.title),
        heading=_words(document.title),
        body=_blocks(document.blocks),
    )
    return encodable(page)


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _blocks(blocks: Iterable[doc.Block]) -> Markup:
    return Markup("\n").join(_block(one) for one in blocks)


def _block(block: doc.Block) -> Markup:
    match block:
        case doc.Section(title, inner):
            made = Markup("<section>\n<h2>{}</h2>\n{}\n</section>").format(
                _words(title), _blocks(inner)
            )
        case doc.Article(title, inner):
            made = Markup("<article>\n<h3>{}</h3>\n{}\n</article>").format(
                _line(title), _blocks(inner)
            )
        case doc.Entries(entries):
            made = Markup("<ul>\n{}\n</ul>").format(Markup("\n").join(map(_entry, entries)))
        case doc.Paragraph(line):
            made = Markup("<p>{}</p>").format(_line(line))
        case doc.Small(line):
            made = Markup('<p class="small">{}</p>').format(_line(line))
        case doc.Verbatim(text, "diff"):
            made = _diff(text)
        case doc.Verbatim(text):
            made = Markup("<pre>{}</pre>").format(visible(text))
        case doc.Picture(svg, words):
            made = Markup('<img src="data:image/svg+xml;base64,{}" alt="{}">').format(
                b64encode(svg).decode(), words
            )
        case doc.Folded(title, inner):
            lines = sum(one.text.count("\n") for one in inner if isinstance(one, doc.Verbatim))
            opened = Markup(" open") if 0 < lines < _OPEN_UP_TO else ""
            made = Markup("<details{}><summary>{}</summary>\n{}\n</details>").format(
                opened, _words(title), _blocks(inner)
            )
        case doc.Phones(phones):
            made = Markup('<div class="pair">\n{}\n</div>').format(
                Markup("\n").join(map(_phone, phones))
            )
    return made


def _entry(entry: doc.Entry) -> Markup:
    return Markup('<li class="{}">{}{}{}{}</li>').format(
        entry.mark.word if entry.mark else "plain",
        _line(entry.line),
        Markup("").join(
            Markup('<br> <span class="fact">{}</span> {}').format(_words(label), _line(fact))
            for label, fact in entry.facts
        ),
        Markup('<p class="fix">{}</p>').format(_line(entry.fix)) if entry.fix else "",
        _blocks(entry.below),
    )


def _diff(text: str) -> Markup:
    lines = Markup("\n").join(
        Markup('<div class="{}">{}</div>').format(_kind(line), visible(line) or " ")
        for line in text.split("\n")
    )
    return Markup(
        '<div class="diff" tabindex="0" role="region" aria-label="Unified diff">\n{}\n</div>'
    ).format(lines)


def _kind(line: str) -> str:
    if line.startswith(("@@", "--- ", "+++ ")):
        return "hunk"
    return {"+": "added", "-": "removed"}.get(line[:1], "context")


def _phone(phone: doc.Phone) -> Markup:
    if phone.text is None:
        return Markup(
            '<figure class="phone empty"><figcaption><b>{}</b></figcaption>'
            '<div class="screen"><p class="parts">{}</p></div></figure>'
        ).format(_words(phone.label), _words(phone.below))
    said = Markup('<p class="{}" dir="auto" lang="{}">{}</p>').format(
        "bubble" if phone.channel == "text" else "transcript",
        # Han characters look different in Japanese and Chinese: the browser must be told.
        "ja" if _KANA.search(phone.text) else "en",
        visible(phone.text),
    )
    return Markup(
        '<figure class="phone {}"><figcaption><b>{}</b> {}</figcaption>\n<div class="screen">'
        '<p class="from"><span class="avatar" aria-hidden="true">{}</span>'
        '<span dir="auto">{}</span></p>\n{}\n<p class="parts">{}</p></div></figure>'
    ).format(
        phone.channel,
        _words(phone.label),
        _line(phone.about),
        _ICONS[phone.channel],
        visible(phone.sender) if phone.sender else _words("sender not shown"),
        said,
        _words(phone.below),
    )


def _words(text: str) -> Markup:
    return _line((text,))


def _line(line: doc.Line) -> Markup:
    english, japanese = (Markup("").join(map(_part, one or ())) for one in (line, translated(line)))
    if not japanese:
        return english
    return Markup('<span class="en">{}</span><span class="ja" lang="ja">{}</span>').format(
        english, japanese
    )


def _part(part: doc.Part) -> Markup:
    match part:
        case doc.Code(text):
            return Markup('<code dir="auto">{}</code>').format(visible(text))
        case doc.Strong(text):
            return Markup("<b>{}</b>").format(visible(text))
        case doc.Soft(text):
            return Markup("<i>{}</i>").format(visible(text))
        case doc.Link(text, address):
            return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, visible(text))
        case str():
            return Markup('<span dir="auto">{}</span>').format(visible(part))
