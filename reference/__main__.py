"""`python -m reference`: write whatever is made from the code, or say what is not current."""

from __future__ import annotations

import sys

from reference.made import PROJECT, made


def main(arguments: list[str]) -> int:
    """Write the files; with --check write nothing, and answer 1 when one is not current."""
    stale = {
        name: text
        for name, text in made().items()
        if not (PROJECT / name).exists() or (PROJECT / name).read_text("utf-8") != text
    }
    if "--check" in arguments:
        for name in stale:
            print(f"{name} is not what the code says. Fix: make reference")  # noqa: T201 - its job
        return 1 if stale else 0
    for name, text in stale.items():
        (PROJECT / name).parent.mkdir(parents=True, exist_ok=True)
        (PROJECT / name).write_text(text, "utf-8")
        print(f"written: {name}")  # noqa: T201 - its job
    return 0


sys.exit(main(sys.argv[1:]))
