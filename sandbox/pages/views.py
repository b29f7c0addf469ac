"""Templates in the reader's language, forms, and the navigation that every page has."""

from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sandbox.login.numbers import national
from sandbox.login.refusals import lasting
from sandbox.pages.language import gettext, language_for, said
from sandbox.pages.wording import clock, language_of
from sandbox.web.bodies import TooLargeError, read

_MOST_BYTES: Final = 16_384
_MOST_FIELDS: Final = 20


async def fields(request: Request) -> dict[str, str]:
    """The fields of a posted form; of one that is there twice, the last.

    Raises HTTPException: 413, 415 or 400 for what no form of these pages sends.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is needed.")
    try:
        body = await read(request, _MOST_BYTES)
    except TooLargeError as error:
        raise HTTPException(413, "The form is too large.") from error
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return dict(pairs)


FOLDER: Final = Path(__file__).resolve().parent
STATIC: Final = FOLDER / "static"


NAVIGATION: Final = {"phones": "Phones", "login": "Log in", "tenant": "Tenant"}
"""The title of each page by its path, which is also what it calls itself as `active`."""


def page(
    request: Request, template: str, *, active: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A whole page, in the language of whoever asks for it.

    `active` is the page of NAVIGATION that it belongs to; empty for none. Every text of `values` is
    escaped: none may be `Markup`.
    """
    html = fragment(language_for(request), template, active=active, **values)
    return HTMLResponse(html, status, {"vary": "accept-language"})


def fragment(language: str, template: str, **values: Any) -> str:
    """A template of `sandbox/pages/templates`, rendered."""
    return environment(language).get_template(template).render(**values)


@cache
def environment(language: str) -> Environment:
    """What renders the templates in this language."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    text = gettext if language == "ja" else str
    made.install_gettext_callables(  # type: ignore[attr-defined]
        text, lambda one, many, n: text(one if n == 1 else many), newstyle=True
    )
    made.globals.update(navigation=NAVIGATION, language=language)
    made.filters.update(
        clock=clock,
        said=said if language == "ja" else str,
        lasting=lasting,
        national=national,
        language_of=language_of,
    )
    return made
