"""Which files are made from the code.

Owns the list. Refuses to write: `__main__` does.
"""

from __future__ import annotations

from pathlib import Path

from reference import commands_page, picture, project_file, settings_page, stack_file

PROJECT = Path(__file__).resolve().parent.parent


def made() -> dict[str, str]:
    """Each file's text as it should be, by its path in the project."""
    project = (PROJECT / project_file.PAGE).read_text("utf-8")
    return {
        stack_file.PAGE: stack_file.stack_file_schema(),
        settings_page.PAGE: settings_page.settings_page(),
        commands_page.PAGE: commands_page.commands_page(),
        picture.PAGE: picture.picture(),
        project_file.PAGE: project_file.project_file(project),
    }
