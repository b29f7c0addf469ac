"""Which files are made from the code.

Owns the list. Refuses to write: `__main__` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reference import (
    commands_page,
    picture,
    project_file,
    reasons_page,
    settings_page,
    stack_file,
)

PAGES: Final = (
    stack_file.PAGE,
    settings_page.PAGE,
    commands_page.PAGE,
    reasons_page.PAGE,
    picture.PAGE,
    project_file.PAGE,
)
PROJECT = Path(__file__).resolve().parent.parent


def made() -> dict[str, str]:
    """The text of each of `PAGES` as it should be.

    Raises:
        NotDrawnError: there is no Node, or the packages of package-lock.json are not installed.
    """
    project = (PROJECT / project_file.PAGE).read_text("utf-8")
    texts = (
        stack_file.stack_file_schema(),
        settings_page.settings_page(),
        commands_page.commands_page(),
        reasons_page.reasons_page(),
        picture.picture(),
        project_file.project_file(project),
    )
    return dict(zip(PAGES, texts, strict=True))
