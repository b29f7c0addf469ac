"""Templates, forms, and what every page has: navigation, title, a note that this stands in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sandbox.pages.wording import clock
from sandbox.web.bodies import TooLargeError, read

_MOST_BYTES: Final = 16_384
_MOST_FIELDS: Final = 20


async def fields(request: Request) -> dict[str, str]:
    """The fields of a posted form; of one that is there twice, the last.

    Raises:
        HTTPException: 413, 415 or 400 for what no form of these pages sends.
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


@dataclass(frozen=True)
class Tab:
    """An entry of the navigation; `name` is what a page calls itself as `active`."""

    name: str
    path: str
    title: str


NAVIGATION: Final = (
    Tab("phones", "/phones", "Phones"),
    Tab("login", "/login", "Log in"),
    Tab("tenant", "/tenant", "Tenant"),
)


class Views:
    """Renders pages of `sandbox/pages/templates`."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(navigation=NAVIGATION)
        self._templates.filters["clock"] = clock

    def page(self, template: str, *, active: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page.

        Args:
            template: file name; it extends `base.html.j2`.
            active: the `Tab.name` that the page belongs to; empty for none.
            status: HTTP status.
            values: what the template shows. Every text is escaped: none may be `Markup`.
        """
        return HTMLResponse(self.fragment(template, active=active, **values), status)

    def fragment(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(**values)
