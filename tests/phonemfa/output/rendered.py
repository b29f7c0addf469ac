"""What a browser would make of HTML, and GitHub of a Markdown text."""

from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

_VOID = {"meta", "br", "img"}


class Elements(HTMLParser):
    """Tags, attributes, scripts, and the text outside of code."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts = self.prose = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {f"{tag} {name}" for name, _ in attrs}
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts += data
        elif "code" not in self.open:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment that nobody sees: {data}")


class Rendered(Elements):
    """Of GitHub's own parser, with the HTML that its sanitizer would still have to judge."""

    def __init__(self, markdown: str) -> None:
        super().__init__(
            cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
        )
