"""`phonemfa new` makes a repository that its own tools take, or says everything that hinders it."""

import hashlib
import json
import re
import tomllib
from importlib.metadata import packages_distributions, requires
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner, Result

from components.tenant import bounded_http
from phonemfa.answered import RefusedError
from phonemfa.cli import app
from phonemfa.new.package import package_at
from phonemfa.pulumi.stack_file import read_stack_file
from tests.contract import PROJECT

GIVEN = {
    "--stack": ["dev=dev.jp.auth0.com", "staging=stg.jp.auth0.com", "prod=login.example.jp"],
    "--owners": ["@mirai/login"],
    "--cpaas-host": ["abc123.api.infobip.com"],
    "--sms-sender": ["0005212345"],
    "--voice-sender": ["+815012345678"],
}


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    folder = tmp_path / "C#? 100%25 版"
    folder.mkdir()
    file = folder / "phonemfa-1.0-py3-none-any.whl"
    file.write_bytes(b"a wheel")
    (folder / "phonemfa_sandbox_server-1.0-py3-none-any.whl").write_bytes(b"beside it")
    return file


def new(
    folder: Path, wheel: Path, *more: str, expect: int = 0, **changed: list[str] | None
) -> Result:
    given: dict[str, Any] = {**GIVEN, "--package": [str(wheel)]}
    given |= {f"--{name.replace('_', '-')}": values for name, values in changed.items()}
    options = [
        part for name, values in given.items() for one in values or () for part in (name, one)
    ]
    ended = CliRunner().invoke(app, ["new", str(folder), *options, *more])
    assert ended.exit_code == expect, ended.output
    return ended


def test_each_stack_is_one_that_every_command_takes(tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / "company-login"
    told = json.loads(new(folder, wheel, "--json").stdout)["files"]
    files = [one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()]
    assert sorted(told) == sorted(files)
    programs = {one for one in files if (folder / one).stat().st_mode & 0o111}
    assert programs == {one for one in files if one.startswith("ci/")} - {"ci/environment.sh"}
    for stack, domain in (one.split("=") for one in GIVEN["--stack"]):
        read = read_stack_file(folder, stack)
        assert (read.domain, read.settings.sms_sender) == (domain, "0005212345")
        assert read.settings.protect is (stack == "prod")


def test_a_lock_names_each_wheel_by_the_hash_of_what_was_found(tmp_path: Path, wheel: Path) -> None:
    said = new(tmp_path / "company-login", wheel).output
    beside = wheel.with_name("phonemfa_sandbox_server-1.0-py3-none-any.whl")
    for lock, name, file in (
        ("requirements.lock", "phonemfa", wheel),
        ("requirements-sandbox.lock", "phonemfa-sandbox-server", beside),
    ):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        written = (tmp_path / "company-login" / lock).read_text()
        assert f"{name} @ {file.as_uri()} --hash=sha256:{digest}\n" in written
        assert digest in said.replace("\n", ""), "a first use is said to be one"


BAD = {
    "stack": ["Dev=dev.jp.auth0.com", "b=https:/evil", "c=dev.jp.auth0.com"],
    "owners": ["mirai\n* @evil"],
    "sms_sender": ["0120 987 654 321 000 000"],
    "voice_sender": ["03-1234"],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"package": ["mfa.whl"]}, ["--sandbox-package"], id="a name of no release"),
        pytest.param({"package": ["phonemfa-2.whl"]}, ["cannot be read"], id="no sandbox beside"),
        pytest.param(
            {"package": ["http://127.0.0.1:1/phonemfa-1.whl"]}, ["comes by https"], id="in the open"
        ),
        pytest.param({"package": ["https://[x/phonemfa-1.whl"]}, ["is no wheel"], id="no address"),
        pytest.param({"package": ["https://xn--/phonemfa-1.whl"]}, ["not an address"], id="no DNS"),
        pytest.param({"package": ["https://a.test/b c.whl"]}, ["is no wheel"], id="two words"),
        pytest.param({"package": ["file:///%00.whl"]}, ["cannot be read"], id="no name of a file"),
        pytest.param({"package_sha256": ["0" * 64]}, ["not the named 0000"], id="another hash"),
        pytest.param(
            {"owners": None, "cpaas_host": None}, ["--owners, --cpaas-host"], id="nobody to ask"
        ),
        pytest.param(
            BAD,
            ["'Dev'", "'https:/evil'", "com: named twice", "owners", "smsSender", "voiceSender"],
            id="every bad answer",
        ),
    ],
)
def test_what_makes_no_repository_is_told_at_once_and_nothing_is_written(
    tmp_path: Path,
    wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    told: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mfa.whl", "phonemfa-2.whl"):
        Path(name).write_bytes(b"a wheel")
    said = new(tmp_path / "xy", wheel, expect=2, **changed).output.replace("\n", " ")
    assert [part for part in told if part not in said] == []
    assert not (tmp_path / "xy").exists()


def test_a_folder_that_gives_no_name_is_told_how_to_name_it(tmp_path: Path, wheel: Path) -> None:
    for name in ("x", "1st", "会社"):
        said = new(tmp_path / name, wheel, expect=2).output
        assert f"name '{name}': name the folder with 2 to 63 lower-case letters" in said


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path, wheel: Path) -> None:
    folder = tmp_path / "company-login"
    (folder / ".git").mkdir(parents=True)
    new(folder, wheel)  # a repository that was just made is fine
    before = (folder / "README.md").read_bytes()
    (folder / "README.md").write_bytes(before + b"mine")
    assert "is not empty" in new(folder, wheel, expect=2).output
    assert (folder / "README.md").read_bytes() == before + b"mine"


def test_a_person_is_asked_for_what_no_option_says(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phonemfa.new.command.on_terminal", lambda: True)
    typed = ["dev.jp.auth0.com", "stg.jp.auth0.com", "login.example.jp", "@mirai/login", ""]
    folder = tmp_path / "company-login"
    options = ["--package", str(wheel), "--cpaas-host", "a.api.infobip.com", "--sms-sender", "0120"]
    asked = CliRunner().invoke(app, ["new", str(folder), *options], input="\n".join(typed) + "\n")
    assert asked.exit_code == 0, asked.output
    assert "Caller ID of calls (empty: no calls)" in asked.stderr
    read = read_stack_file(folder, "staging")
    assert (read.domain, read.settings.sms_sender) == ("stg.jp.auth0.com", "0120")
    assert [one.value for one in read.settings.delivery_methods] == ["text"]
    assert "@mirai/login" in (folder / ".github" / "CODEOWNERS").read_text()


def test_a_wheel_that_the_release_does_not_have_is_no_wheel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = httpx.MockTransport(lambda _: httpx.Response(404, content=b"Not Found"))
    monkeypatch.setattr(bounded_http, "BoundedClient", lambda **_: httpx.Client(transport=gone))
    with pytest.raises(RefusedError, match=r"cannot be downloaded: .*404"):
        package_at("https://example.test/phonemfa-1.whl")


OURS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
LOCKS = ("template/requirements.lock.j2", "template/requirements-sandbox.lock.j2")


def pins(lock: str) -> set[str]:
    text = (PROJECT / lock).read_text("utf-8")
    return set(re.findall(r"^[\w.-]+==\S+", text, re.MULTILINE))


def names(*locks: str) -> set[str]:
    return {one.partition("==")[0] for lock in locks for one in pins(lock)}


def needed(*asked: str) -> set[str]:
    """What these requirements need, and what that needs."""
    found: set[str] = set()
    wanted = [Requirement(one) for one in asked]
    while wanted:
        one = wanted.pop()
        name = canonicalize_name(one.name)
        if name not in found:
            found.add(name)
            further = map(Requirement, requires(name) or [])
            wanted += [each for each in further if not each.marker or each.marker.evaluate()]
    return found


def test_a_companys_locks_have_what_the_sandboxs_wheel_needs_as_this_package_is_tested() -> None:
    assert all(len(pins(lock)) > 10 and pins(lock) <= pins("requirements.lock") for lock in LOCKS)
    assert needed(*OURS["dependency-groups"]["sandbox"]) <= names(*LOCKS)


def test_a_companys_lock_has_what_the_products_wheel_needs_and_it_imports_nothing_else() -> None:
    project = OURS["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    found, owners = needed(*project["dependencies"], *extras), packages_distributions()
    assert found <= names(LOCKS[0])
    imported = {
        canonicalize_name(owner)
        for folder in ("components", "phonemfa", "policy")
        for file in (PROJECT / folder).rglob("*.py")
        for module in re.findall(r"^ *(?:from|import) (\w+)", file.read_text("utf-8"), re.MULTILINE)
        for owner in owners.get(module, ())
    }
    assert imported <= found, imported - found
