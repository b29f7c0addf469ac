"""The command line and the library: a command loads what it needs, and a name what it is.

What somebody else's program imports costs nothing until it is used; a shell completes commands.
Commands say one thing in one way: how a command is called, a policy, a version.
"""

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import phonemfa
from components.tenant.action import Version
from phonemfa import library
from phonemfa.__main__ import main
from phonemfa.cli import COMMANDS, app
from tests.contract import PROJECT
from tests.processes import run

TELLING = "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
SCRIPT = PROJECT / "tools" / "phonemfa"


def started(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        f"import sys; {before}; from phonemfa.__main__ import main; sys.argv = {['', *arguments]}"
    )
    return run(sys.executable, "-c", f"{code}; main()", cwd=PROJECT)


def loaded_by(*arguments: str) -> set[str]:
    ended = started(TELLING, *arguments)
    assert ended.returncode == 0, ended.stderr
    return set(ended.stderr.split())


def packages(loaded: set[str]) -> set[str]:
    names = {name.replace("-", "_") for name in COMMANDS}
    return {found[1] for one in loaded if (found := re.match(r"phonemfa\.(\w+)", one))} & names


COMPLETE = {"_PHONEMFA_COMPLETE": "complete_bash", "COMP_CWORD": "1"}


@pytest.mark.parametrize(
    ("words", "variables", "package", "pulumi"),
    [
        pytest.param(("doctor", "--help"), {}, "doctor", True, id="a command"),
        pytest.param(("break-glass", "--help"), {}, "break_glass", False, id="the urgent one"),
        pytest.param((), {"COMP_WORDS": "phonemfa br"}, "break_glass", False, id="a completion"),
    ],
)
def test_a_command_imports_what_it_needs_and_no_other_commands_package(
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variables: dict[str, str],
    package: str,
    pulumi: bool,
) -> None:
    for name, value in (COMPLETE | variables if variables else {}).items():
        monkeypatch.setenv(name, value)
    loaded = loaded_by(*words)
    assert packages(loaded) == {package}
    assert ("pulumi" in loaded) is pulumi


def test_every_command_has_the_name_under_which_it_is_found() -> None:
    commands = typer.main.get_group(app).commands
    assert [one.name for one in commands.values()] == list(COMMANDS)
    assert "Did you mean 'drift'?" in started("pass", "driftt").stderr


@pytest.mark.parametrize("package", ["yaml", "typer"])
def test_a_command_whose_packages_are_missing_says_what_to_install(package: str) -> None:
    ended = started(f"sys.modules[{package!r}] = None", "report", "--help")
    assert ended.returncode == 1
    assert ended.stderr == f"The command line needs {package}: pip install 'phonemfa[cli]'\n"


def test_break_glass_alone_says_what_to_install() -> None:
    code = "import runpy, sys; sys.modules['typer'] = None; "
    code += "runpy.run_module('phonemfa.break_glass', run_name='__main__')"
    ended = run(sys.executable, "-c", code, cwd=PROJECT)
    assert ended.returncode == 1
    assert ended.stderr == "The command line needs typer: pip install 'phonemfa[cli]'\n"


def test_every_name_of_the_library_is_the_packages_own() -> None:
    declared, loaded = (
        re.findall(r"from components\..*", inspect.getsource(one)) for one in (phonemfa, library)
    )
    assert declared == loaded, "what a type checker sees"
    for name in {*phonemfa.__all__} - {"__version__"}:
        assert getattr(phonemfa, name) is getattr(library, name)
    assert set(phonemfa.__all__) <= set(dir(phonemfa)), "for completion in an editor"
    with pytest.raises(AttributeError, match=r"module 'phonemfa' has no attribute 'Phone'"):
        phonemfa.Phone  # type: ignore[attr-defined]  # noqa: B018


def test_a_module_of_its_own_that_is_missing_is_no_missing_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "phonemfa.cli", None)
    with pytest.raises(ModuleNotFoundError):
        main()


def test_bash_is_offered_what_fits(tmp_path: Path) -> None:
    asked = COMPLETE | {"COMP_WORDS": "phonemfa ro"}
    assert completed(asked, tmp_path).split() == ["rollback", "rotate"]
    asked |= {"COMP_WORDS": "phonemfa rollback --secrets ", "COMP_CWORD": "3"}
    assert completed(asked, tmp_path).split() == ["current", "version"]


def test_the_script_for_a_shell_is_for_that_name(tmp_path: Path) -> None:
    script = completed({"_PHONEMFA_COMPLETE": "source_bash"}, tmp_path)
    assert script.rstrip().endswith("-F _phonemfa_completion phonemfa")


def completed(asked: dict[str, str], folder: Path) -> str:
    return run(SCRIPT, cwd=folder, env=os.environ | asked).stdout


ALONE = re.compile(rf"(?<!-m )(?<![\w/.`-])phonemfa (?:{'|'.join(COMMANDS)})\b")
"""A command to be typed that only works where the package's script is on PATH."""
NAMES = {
    "phonemfa drift ": "a suite of JUnit",
    "phonemfa health ": "a suite of JUnit",
    "phonemfa fleet up": "the message of an update, in Pulumi's history",
    "phonemfa smoke": "the client that an Action is told of",
    "the tenant as phonemfa adopt found it, until this stack takes over": "a description",
    "levels of phonemfa health, such as {successPercent: 95}": "a description",
}
API_WORDS = re.compile("all-applications|confidence-score")


def strings(path: Path) -> Iterator[str]:
    """What may be printed: every string of a module but its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        id(one.body[0].value)
        for one in ast.walk(tree)
        if isinstance(one, documented) and one.body and isinstance(one.body[0], ast.Expr)
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in docs:
            yield one.value


def product() -> list[Path]:
    roots = ("components", "phonemfa", "policy")
    return [path for root in roots for path in PROJECT.glob(f"{root}/**/*.py")]


def test_a_command_to_be_typed_is_called_in_the_way_that_works_everywhere() -> None:
    alone = {text for path in product() for text in strings(path) if ALONE.search(text)}
    assert alone - NAMES.keys() == set(), "say python -m phonemfa …, or name it in backticks"


def test_no_message_has_the_apis_words_for_a_policy() -> None:
    found = [path for path in product() if any(map(API_WORDS.search, strings(path)))]
    assert found == [PROJECT / "components" / "vocabulary.py"]


@pytest.mark.parametrize("number", [5, 5.0, "5"])
def test_a_version_is_a_whole_number_however_the_api_writes_it(number: object) -> None:
    assert f"version {Version.of_api({'id': 'v', 'number': number}).number}" == "version 5"
