"""Templates, and what every page has: navigation, title, the note that this is a stand-in.

Owns rendering with escaping switched on, and the helpers that templates share. Refuses to know
what a page is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from sandbox.pages.wording import clock

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
        """A part of a page, escaped like a whole one."""
        return self._templates.get_template(template).render(**values)
