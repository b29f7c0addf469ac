"""`python -m tools.reference`: write whatever is made from the code and is not current."""

from pathlib import Path
from typing import Final

from tools.reference import picture, settings, tables

PROJECT: Final = Path(__file__).resolve().parents[2]


def made() -> dict[str, str]:
    """The text of each file that is made from the code, as it should be."""
    return {
        "docs/reference/stack-settings.schema.json": settings.stack_file_schema(),
        "docs/reference/settings.md": settings.settings_page(),
        "docs/reference/commands.md": tables.commands(),
        "docs/reference/reasons.md": tables.reasons("en"),
        "docs/reference/reasons.ja.md": tables.reasons("ja"),
        "docs/reference/scopes.md": tables.scopes(),
        "docs/reference/sandbox.md": tables.sandbox(),
        "docs/images/architecture.svg": picture.picture(),
        "Pulumi.yaml": settings.project_file((PROJECT / "Pulumi.yaml").read_text("utf-8")),
    }


if __name__ == "__main__":
    for name, text in made().items():
        path = PROJECT / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"written: {name}")  # noqa: T201 - its job
