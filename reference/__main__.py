"""`python -m reference`: write whatever is made from the code and is not current."""

from __future__ import annotations

from reference.made import PROJECT, made

for name, text in made().items():
    path = PROJECT / name
    if not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"written: {name}")  # noqa: T201 - its job
