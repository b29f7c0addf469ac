"""What is in the wheel and in the source distribution, and what must not be."""

import configparser
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import phonemfa
from tests.contract import PROJECT
from tests.packaging.installed import Installed, build
from tests.processes import run

READERS = {
    ".json": "levels of this repository's own stacks",
    ".md": "for readers of the repository",
    ".ts": "types for checking the Action's code",
}
"""What the product's folders have beside what runs: stays in the repository."""

USER = """
from phonemfa import PhoneMfa, PhoneMfaArgs, load

mfa = PhoneMfa("phone-mfa", PhoneMfaArgs.of(load()))
if mfa.sender:
    reveal_type(mfa.sender.action_id)
PhoneMfa("other", load())
from phonemfa import Nonsense
"""

ARGUMENT = 'Argument 2 to "PhoneMfa" has incompatible type "Loaded"; expected "PhoneMfaArgs"'
MISTAKES = [
    f"error: {ARGUMENT}  [arg-type]",
    'error: Module "phonemfa" has no attribute "Nonsense"  [attr-defined]',
]

UNTYPED = "[mypy]\n" + "".join(
    # Two generated packages of 20 CPU seconds; `make thorough` reads them too.
    f"[mypy-{package}.*]\nfollow_imports = skip\n"
    for package in ("pulumi_auth0", "auth0")
)


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as content:
        return set(content.namelist())


def listed(*folders: str) -> set[str]:
    """Files of this repository, as a wheel has them."""
    said = run("git", "ls-files", "--", *folders, cwd=PROJECT).stdout
    return {f"phonemfa/{one.removeprefix('phonemfa/')}" for one in said.split()}


def test_everything_that_is_installed_is_the_products_below_the_packages_name(
    distributions: dict[str, Path],
) -> None:
    packed = names(distributions[".whl"])
    about = f"phonemfa-{phonemfa.__version__}.dist-info"
    assert {name.split("/")[0] for name in packed} == {"phonemfa", about}
    below = {name.split("/")[1] for name in packed if name.startswith("phonemfa/")}
    assert not below & {"tests", "sandbox", "tools"}
    assert "py.typed" in below
    left_out = listed("components", "actions", "policy", "phonemfa") - packed
    assert {Path(file).suffix for file in left_out} == set(READERS)


def test_the_sandboxs_wheel_is_whole_and_fits_beside_the_products(
    distributions: dict[str, Path], tmp_path: Path
) -> None:
    sandbox = names(build(tmp_path, "wheel", project=PROJECT / "sandbox")[".whl"])
    packed = {name for name in sandbox if ".dist-info/" not in name}
    assert not packed & names(distributions[".whl"])
    assert packed <= listed("sandbox")
    assert {"/".join(one.split("/")[2:4]) for one in listed("sandbox") - packed} == {
        "engine/modules",  # for a build of the engine
        "plugin/bin",  # the stand-in of the plugin: a job has the official one
        "pyproject.toml",
        "testing/phonemfa_sandbox.py",
        "testing/pyproject.toml",
        "testing/__init__.py",
    }


def test_no_place_of_this_machine_is_in_a_distribution(distributions: dict[str, Path]) -> None:
    here = [str(PROJECT).encode(), str(Path.home()).encode() + b"/", sys.prefix.encode()]
    with zipfile.ZipFile(distributions[".whl"]) as wheel:
        texts = [(name, wheel.read(name)) for name in wheel.namelist()]
    with tarfile.open(distributions[".gz"]) as source:
        for one in source.getmembers():
            content = source.extractfile(one)
            texts += [(one.name, content.read())] if content else []
    assert [name for name, text in texts if any(place in text for place in here)] == []


def test_the_source_distribution_makes_the_same_wheel(
    distributions: dict[str, Path], tmp_path: Path
) -> None:
    with tarfile.open(distributions[".gz"]) as source:
        source.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    again = build(tmp_path / "dist", "wheel", project=unpacked)[".whl"]
    assert again.read_bytes() == distributions[".whl"].read_bytes()


def test_an_environment_with_the_wheel_alone_has_the_action_and_no_foreign_names(
    installed: Installed, tmp_path: Path
) -> None:
    tops = {one.name for one in installed.folder.glob("lib/python*/site-packages/*")}
    assert "phonemfa" in tops
    assert not tops & {"components", "actions", "policy", "sandbox", "tests"}
    assert not tops & {"typer", "rich", "jinja2"}, "those are the command line's"
    used = installed.run(
        "python",
        "-c",
        "import sys, phonemfa; assert 'pulumi' not in sys.modules, 'loaded before it is used';"
        "from phonemfa.components.action_code import assemble;"
        "print(len(assemble('custom-phone-provider')))",
        cwd=tmp_path,
    )
    assert used.returncode == 0, used.stderr
    assert int(used.stdout) > 1000, "the Action's parts came along"


@pytest.mark.thorough  # mypy over the package itself: make check
@pytest.mark.parametrize("settings", [UNTYPED, "[mypy]\n"], ids=["ours", "all it depends on"])
def test_a_users_program_is_checked_against_the_types_that_the_wheel_has(
    installed: Installed, tmp_path: Path, settings: str
) -> None:
    (tmp_path / "mypy.ini").write_text(settings, encoding="utf-8")
    (tmp_path / "__main__.py").write_text(USER, encoding="utf-8")
    mypy = (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "__main__.py")
    environment = ("--python-executable", str(installed.bin / "python"))
    said = installed.run(*mypy, *environment, cwd=tmp_path).stdout.splitlines()
    found = [line.partition(" ")[2] for line in said]
    assert [one for one in found if one.startswith("error")] == MISTAKES
    assert 'note: Revealed type is "pulumi.output.Output[str]"' in found


def test_the_version_is_that_of_the_package_everywhere(distributions: dict[str, Path]) -> None:
    name = f"phonemfa-{phonemfa.__version__}.dist-info"
    with zipfile.ZipFile(distributions[".whl"]) as wheel:
        metadata = wheel.read(f"{name}/METADATA").decode()
        scripts = configparser.ConfigParser()
        scripts.read_string(wheel.read(f"{name}/entry_points.txt").decode())
    assert f"\nVersion: {phonemfa.__version__}\n" in metadata
    assert dict(scripts["console_scripts"]) == {"phonemfa": "phonemfa.__main__:main"}
    pack = yaml.safe_load((PROJECT / "policy" / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert pack["version"] == phonemfa.__version__, "Pulumi prints it beside what a pack found"
