"""The pages of docs/reference/: their words are in `templates/`, the facts come from the code."""

import json
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phonemfa.output.japanese import said_in


def page(name: str, **values: Any) -> str:
    """The page of that name."""
    return _PAGES.get_template(f"{name}.md.j2").render(values)


def cell(text: str) -> str:
    """A text as a table's cell."""
    return text.replace("|", r"\|")


def literal(value: Any) -> str:
    """A value as Python has it."""
    return f"`{value!r}`"


def sentence(text: str) -> str:
    """A description as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def plain_json(value: Any) -> str:
    """A value in one line, with Japanese as it is."""
    return json.dumps(value, ensure_ascii=False)


# They make Markdown, not HTML.
_PAGES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    autoescape=False,  # noqa: S701
)
_PAGES.filters |= {"sentence": sentence, "json": plain_json, "cell": cell, "literal": literal}
_PAGES.filters["japanese"] = partial(said_in, "ja")
