"""The guides, typed line by line at a sandbox tenant: what a page shows is what works.

Each test types whatever shell blocks its page has, in the page's order, so a changed or a new
line is run without anybody's doing: with what a shell carries from line to line, and what a person
would answer. `make thorough`; tests/docs holds that no page is left out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml

from phonemfa.cli import app
from tests.contract import PROJECT
from tests.docs import claims
from tests.docs.shown import same, shown_in
from tests.end_to_end import hand_made
from tests.end_to_end.conftest import CONFIG, KEY, PHONE, Tenant
from tests.end_to_end.operators import NEW_KEY, cpaas_of
from tests.free_ports import sandbox_ports

pytestmark = [pytest.mark.end_to_end, pytest.mark.thorough]
legacy_tenant = pytest.mark.generation("legacy")


_ASKS: Final = {
    name
    for name, command in typer.main.get_group(app).commands.items()
    if any("--yes" in param.opts for param in command.params)
}
_PULUMI_ASKS: Final = re.compile(
    r"^(?:python -m sandbox )?pulumi (?:-- )?(?:up|import|destroy|refresh)\b"
    r"|^python -m sandbox phonemfa -- drift --repair"
)


@dataclass(kw_only=True)
class Typist:
    """Somebody in a folder who types into a shell; `scratch` has what may not lie there."""

    folder: Path
    environment: dict[str, str]
    scratch: Path
    said: list[str] = field(default_factory=list)

    def types(self, line: str, *, stdin: str = "", expect: int = 0) -> str:
        """Run one line as bash would; variables that it sets are there for the next one.

        Returns what it printed. Its exit status must be `expect`.
        """
        line = self._filled_in(" && ".join(answered(one) for one in line.split(" && ")))
        kept = self.scratch / "environment"
        script = f'{line}\nstatus=$?\nenv -0 >"{kept}"\nexit $status'
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        told = f"$ {line}\n{ran.stdout}\n{ran.stderr}"
        assert ran.returncode == expect, f"exit status {ran.returncode}\n{told}"
        pairs = kept.read_text("utf-8").split("\0")
        self.environment = dict(one.split("=", 1) for one in pairs if "=" in one)
        self.said.append(told)
        return ran.stdout + ran.stderr

    def _filled_in(self, line: str) -> str:
        """The line with the person's own values where the page has an ellipsis."""
        for name in re.findall(r"(\w+)=…", line):
            assert name in self.environment, f"{name}: no value for it at this desk"
            line = line.replace(f"{name}=…", f'{name}="${name}"')
        return line


def answered(command: str) -> str:
    """A command with the yes that a person would give to its question."""
    words = command.split()
    asks = words[:3] == ["python", "-m", "phonemfa"] and len(words) > 3 and words[3] in _ASKS
    asks = asks and (words[3] != "fleet" or words[4] == "up")
    if not (asks or _PULUMI_ASKS.match(command)) or "--yes" in words or "--list" in words:
        return command
    before, redirect, after = command.partition(" < ")
    return f"{before} --yes{redirect}{after}"


@dataclass(kw_only=True)
class Desk(Typist):
    """Somebody with a tenant and a checkout."""

    tenant: Tenant

    def stack_file(self, stack: str, **settings: Any) -> None:
        """Write a stack's file as the first guide asks for it."""
        values = CONFIG | {"policy": "never", "testNumbers": [PHONE]} | settings
        config = {f"phonemfa:{key}": value for key, value in values.items()}
        content = {"config": {"auth0:domain": self.tenant.domain} | config}
        text = yaml.safe_dump(content, allow_unicode=True)
        (self.folder / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")


def copied(to: Path, *more: str) -> Path:
    """A checkout of this project that has nobody's stacks, as files are written into it."""
    names = ["components", "actions", "policy", "phonemfa", "tools", "Pulumi.yaml", "__main__.py"]
    to.mkdir(parents=True)
    for source in (PROJECT / name for name in [*names, *more]):
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(source, to / source.name, ignore=ignored)
        else:
            shutil.copyfile(source, to / source.name)
    (to / ".venv").symlink_to(sys.prefix)
    return to


@pytest.fixture
def desk(tmp_path: Path, tenant: Tenant, environment: dict[str, str]) -> Desk:
    # A copy, not a checkout: drift --repair could not know what was deployed.
    wide = environment | {"COLUMNS": "200", "PHONEMFA_ANY_CHECKOUT": "1"}
    return Desk(
        folder=copied(tmp_path / "checkout"), environment=wide, scratch=tmp_path, tenant=tenant
    )


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a line needs beside being typed.

    Attributes:
        before: what happens before it.
        stdin: what is typed into it.
        expect: the exit status that the page names.
        instead: the same line with this tenant's own values.
    """

    before: Callable[[], Any] | None = None
    stdin: str = ""
    expect: int = 0
    instead: str = ""


def lines_of(page: str) -> list[str]:
    """The lines of a page's blocks that nobody else runs."""
    elsewhere = {same(one) for one in claims.IN_THE_SANDBOX} | {*claims.BY_TEST, *claims.NOT_HERE}
    return [one.text for one in shown_in(page) if one.fenced and same(one.text) not in elsewhere]


def type_page(desk: Desk, page: str, moments: Mapping[str, Moment]) -> None:
    """Type a page's lines. A moment's key is a line, or "line #2" for its second time."""
    times: dict[str, int] = {}
    unused = set(moments)
    lines = lines_of(page)
    assert lines
    for line in lines:
        times[line] = times.get(line, 0) + 1
        key = line if times[line] == 1 else f"{line} #{times[line]}"
        unused.discard(key)
        moment = moments.get(key, Moment(stdin=KEY if "--secret" in line else ""))
        if moment.before:
            moment.before()
        desk.types(moment.instead or line, stdin=moment.stdin, expect=moment.expect)
    assert unused == set(), "the page does not show these any more"
    assert desk.tenant.unknown_routes() == 0
    text = re.sub(r"^\$ .*$", "", "".join(desk.said), flags=re.MULTILINE)
    for secret in (KEY, desk.tenant.client_secret, PHONE):
        assert secret not in text


def drawn_up(desk: Desk, stack: str, **settings: Any) -> None:
    """A stack that could be applied."""
    desk.stack_file(stack, **settings)
    desk.types(f"pulumi stack init {stack}")
    desk.types("pulumi config set --secret phonemfa:cpaasApiKey", stdin=KEY)


def applied(desk: Desk, stack: str = "prod", **settings: Any) -> None:
    """A stack as one has it before an operator's guide begins."""
    drawn_up(desk, stack, **{"policy": "always"} | settings)
    desk.types("pulumi up")


def test_the_readmes_way_to_a_real_tenant(desk: Desk) -> None:
    desk.stack_file("dev")
    type_page(desk, "README.md", {})
    assert desk.tenant.policies == ["all-applications"]


def test_a_first_tenant(desk: Desk) -> None:
    desk.stack_file("dev")
    backend = desk.environment["PULUMI_BACKEND_URL"]
    login = Moment(instead=f"pulumi login {backend}")
    type_page(desk, "docs/guides/first-tenant.md", {"pulumi login …": login})
    assert desk.tenant.policies == ["all-applications"]


def test_adopt(desk: Desk) -> None:
    hand_made.custom(desk.tenant)
    before = desk.tenant.control("GET", "/state?secrets=true")["content"]
    type_page(desk, "docs/guides/adopt.md", {})
    after = desk.tenant.control("GET", "/state?secrets=true")["content"]
    assert before | {"logs": None} == after | {"logs": None}


def test_drift(desk: Desk) -> None:
    applied(desk)
    desk.types("python -m phonemfa drift --stack prod")
    desk.tenant.api("PUT", "/guardian/policies", [])
    asked = "python -m phonemfa drift --stack prod"
    type_page(desk, "docs/guides/drift.md", {asked: Moment(expect=7)})
    assert desk.tenant.policies == ["all-applications"]


def test_incident(desk: Desk) -> None:
    applied(desk)
    part = desk.folder / "actions" / "src" / "outcome.js"
    good = part.read_text("utf-8")

    def a_deployment_goes_wrong() -> None:
        part.write_text("// a change that breaks it\n" + good, "utf-8")
        desk.types("pulumi up")
        part.write_text(good, "utf-8")

    type_page(
        desk,
        "docs/guides/incident.md",
        {
            "python -m phonemfa rollback --stack prod --list": Moment(
                before=a_deployment_goes_wrong
            ),
            "python -m phonemfa rollback --stack prod --to 12 --write-code version-12.js": Moment(
                instead="python -m phonemfa rollback --stack prod --to 2 --write-code version-2.js"
            ),
        },
    )
    assert desk.tenant.policies == ["all-applications"]
    (record,) = (desk.folder / "audit.jsonl").read_text("utf-8").splitlines()
    assert (json.loads(record)["after"], json.loads(record)["exit"]) == ([], 0)


def test_what_is_lost_is_made_anew(desk: Desk) -> None:
    applied(desk)
    state = Path(desk.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    passphrase = Path(desk.environment["PULUMI_CONFIG_PASSPHRASE_FILE"])
    with cpaas_of(desk.tenant) as cpaas:
        cpaas.post("/_sandbox/keys", json={"key": NEW_KEY}).raise_for_status()

    def the_state_goes() -> None:
        shutil.rmtree(state)
        state.mkdir()

    def becomes(new: str, file: Path = passphrase) -> Callable[[], Any]:
        return lambda: file.write_text(new)

    def without_drift(then: Callable[[], Any]) -> Callable[[], Any]:
        def first() -> None:
            assert desk.types("python -m phonemfa drift --stack prod").startswith("✓ no drift")
            then()

        return first

    def everything_goes() -> None:
        the_state_goes()
        (desk.folder / "Pulumi.prod.yaml").unlink()

    without = (
        "python -m phonemfa ci without-secrets Pulumi.prod.yaml > plain.yaml && "
        "mv plain.yaml Pulumi.prod.yaml"
    )
    type_page(
        desk,
        "docs/guides/lost.md",
        {
            "pulumi stack init prod": Moment(before=the_state_goes),
            without: Moment(before=without_drift(becomes("forgotten-and-made-up"))),
            "pulumi stack init prod #2": Moment(before=becomes("a-new-one")),
            "pulumi stack change-secrets-provider passphrase --stack prod < new-passphrase": Moment(
                before=without_drift(becomes("the-newest-one\n", desk.folder / "new-passphrase"))
            ),
            "python -m phonemfa rotate --stack prod": Moment(
                before=becomes("the-newest-one"), stdin=NEW_KEY
            ),
            "python -m phonemfa adopt --stack prod": Moment(before=everything_goes),
        },
    )
    assert desk.tenant.policies == ["all-applications"]
    assert NEW_KEY not in "".join(desk.said)


@legacy_tenant
def test_migrate(desk: Desk) -> None:
    applied(desk, experience="legacy")
    type_page(desk, "docs/guides/migrate.md", {})
    assert desk.tenant.generation == "unified"


def test_narrow_channels(desk: Desk) -> None:
    applied(desk)
    type_page(desk, "docs/guides/narrow-channels.md", {})
    types = desk.tenant.api("GET", "/guardian/factors/phone/message-types")
    assert types == {"message_types": ["sms"]}
    (provider,) = desk.tenant.providers
    assert provider["configuration"]["delivery_methods"] == ["text"]


def test_review(desk: Desk) -> None:
    applied(desk, "prod", protect=True)  # a rule of production, which the report would name
    # The same tenant: it is only previewed.
    drawn_up(desk, "dev")
    type_page(desk, "docs/guides/review.md", {})
    assert "<html" in (desk.folder / "report.html").read_text("utf-8")


def test_rotate(desk: Desk) -> None:
    applied(desk)
    (desk.folder / "key").write_text(f"{NEW_KEY}-2\n", "utf-8")
    with cpaas_of(desk.tenant) as cpaas:
        for key in (NEW_KEY, f"{NEW_KEY}-2"):
            cpaas.post("/_sandbox/keys", json={"key": key}).raise_for_status()
    asked = "python -m phonemfa rotate --stack prod"
    type_page(desk, "docs/guides/rotate.md", {asked: Moment(stdin=NEW_KEY)})
    assert NEW_KEY not in "".join(desk.said)


def test_smoke(desk: Desk) -> None:
    applied(desk, "dev", testNumbers=[])
    type_page(desk, "docs/guides/smoke.md", {})


def test_asides(desk: Desk) -> None:
    applied(desk, "dev")
    type_page(desk, "docs/decisions/policy-pack.md", {})
    for command in claims.ASIDES:
        if command == "pulumi refresh --expect-no-changes":
            # break-glass and a refresh that took its word come later.
            assert desk.tenant.policies == ["all-applications"]
        more = ' --reason "as a page says"' if "break_glass" in command else ""
        desk.types(command + more + (" --yes" if more else ""))
    assert desk.tenant.actions == []


@pytest.fixture
def own_sandbox(tmp_path: Path) -> dict[str, str]:
    """This checkout's sandbox, with its state and its ports elsewhere."""
    return {"SANDBOX_STATE_DIR": str(tmp_path / "sandbox"), **sandbox_ports()}


def test_a_stack_of_ones_own(own_sandbox: dict[str, str], tmp_path: Path) -> None:
    checkout = copied(tmp_path / "checkout", "sandbox", "Pulumi.sandbox.yaml")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "AUTH0_"))}
    bin_folder = f"{Path(sys.prefix, 'bin')}:{environment['PATH']}"
    environment |= own_sandbox | {"PATH": bin_folder, "COLUMNS": "200"}
    person = Typist(folder=checkout, environment=environment, scratch=tmp_path)
    person.types("python -m sandbox start")
    try:
        for line in lines_of("docs/guides/try-a-stack.md"):
            person.types(line)
        told = person.types("python -m phonemfa fleet drift --stack old --stack mine")
        assert "2 stacks: 2 done." in told
        assert "unified" in person.types("pulumi config get phonemfa:experience --stack old")
    finally:
        person.types("python -m sandbox down")


def test_the_sandboxs_own_commands(own_sandbox: dict[str, str], tmp_path: Path) -> None:
    state, port = own_sandbox["SANDBOX_STATE_DIR"], own_sandbox["SANDBOX_TENANT_PORT"]
    person = Typist(folder=PROJECT, environment=dict(os.environ) | own_sandbox, scratch=tmp_path)
    try:
        for line in claims.IN_THE_SANDBOX:
            person.types(line.replace(".sandbox/", f"{state}/").replace("PORT", port))
    finally:
        person.types("make down")
