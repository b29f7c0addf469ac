"""The files of a company's own repository, rendered from `template/`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from phonemfa.answered import RefusedError
from phonemfa.files import write_whole
from phonemfa.new.answers import Answers

TEMPLATE: Final = next(
    folder
    for folder in (
        Path(__file__).resolve().parent.parent / "template",  # in the wheel
        Path(__file__).resolve().parent.parent.parent / "template",
    )
    if (folder / "Pulumi.yaml.j2").is_file()
)
_OF_A_STACK: Final = "Pulumi.STACK.yaml.j2"
_STEPS: Final = "steps.j2"
"""What the workflows share; no file of a repository."""
_SCRIPTS: Final = "ci/"
_LIBRARY: Final = "ci/environment.sh"


def files_of(answers: Answers) -> Mapping[str, str]:
    """Every file by its path."""
    # GitHub's expressions have double braces, and Bash has braces with a number sign.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATE),
        variable_start_string="{=",
        variable_end_string="=}",
        comment_start_string="{=#",
        comment_end_string="#=}",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no page: every answer was checked for its characters
    )
    values: dict[str, Any] = {
        **vars(answers),
        "methods": answers.methods,
        "wheel": answers.package.address,
        "wheel_sha256": answers.package.sha256,
        "sandbox_wheel": answers.sandbox.address,
        "sandbox_wheel_sha256": answers.sandbox.sha256,
        "names": [one.name for one in answers.stacks],
    }
    found = {}
    for file in sorted(TEMPLATE.rglob("*.j2")):
        name = file.relative_to(TEMPLATE).as_posix()
        template = environment.get_template(name)
        if name == _STEPS:
            continue
        if name == _OF_A_STACK:
            for stack in answers.stacks:
                path = name.replace("STACK", stack.name).removesuffix(".j2")
                found[path] = template.render(values, stack=stack)
        else:
            found[name.removesuffix(".j2")] = template.render(values)
    return found


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a repository into a folder that is empty or not there yet.

    Raises:
        RefusedError: something is in it; `.git` alone is fine.
        FileNotWrittenError: a file could not be written.
    """
    there = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    if set(there) - {".git"}:
        raise RefusedError(
            f"{folder} is not empty (it has {', '.join(sorted(there)[:3])}): name a new folder."
        )
    for path, text in files.items():
        write_whole(folder / path, text)
        if path.startswith(_SCRIPTS) and path != _LIBRARY:
            os.chmod(folder / path, 0o755)  # noqa: PTH101, S103 - programs that anybody may run
