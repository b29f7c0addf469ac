"""auth0-deploy-cli exports a sandbox tenant and brings an empty one to the same state.

One process serves several imports: the tool validates what it imports against schemas of all of
Auth0's resources, which takes 24 s of CPU to compile (deploy_cli.cjs compiles those in use, once).
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TextIO

import pytest
import yaml

from components.action_code import Trigger, assemble
from sandbox.server.running import RunningSandbox, start
from sandbox.tenant import Generation
from tests.contract import PROJECT
from tests.end_to_end.conftest import Tenant, tenant_of
from tests.end_to_end.operators import writes
from tests.sandbox.quick import quick
from tests.sandbox.sending import let_it_send

IMPORTER = Path(__file__).with_name("deploy_cli.cjs")
PACKAGES = PROJECT / "tools" / "node" / "node_modules"
EXECUTABLE = PACKAGES / ".bin" / "a0deploy"
RESOURCES = (
    "actions",
    "triggers",
    "phoneProviders",
    "phoneTemplates",
    "guardianFactors",
    "guardianPolicies",
    "guardianPhoneFactorMessageTypes",
    "guardianPhoneFactorSelectedProvider",
    "guardianFactorTemplates",
    "guardianFactorProviders",
    "tenant",
)
"""What the sandbox has; everything else of a tenant is not its subject."""

_NEEDS_NODE = (20, 19)
_DONE = "@@done "


def node_is_too_old() -> str | None:
    """Why the tool cannot run here, or None: it needs a newer Node than the rest of the project."""
    node = shutil.which("node")
    if node is None:
        return "there is no node"
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in shown.strip().removeprefix("v").split(".")[:2])
    return None if (major, minor) >= _NEEDS_NODE else f"needs Node 20.19, here is {shown.strip()}"


pytestmark = [
    pytest.mark.fidelity,
    pytest.mark.skipif(node_is_too_old() is not None, reason=str(node_is_too_old())),
]

TRIGGERS: dict[Generation, Trigger] = {
    "unified": "custom-phone-provider",
    "legacy": "send-phone-message",
}
LEGACY_TEXTS = {"enrollment_message": "{{code}} e", "verification_message": "{{code}} v"}
SNS = {"aws_region": "ap-northeast-1", "aws_access_key_id": "id"}


class DeployCli:
    """The tool, with the credentials of one sandbox; a context manager."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(sandbox.state_dir),
            "NO_COLOR": "1",
            "NODE_PATH": str(PACKAGES),
            "NODE_EXTRA_CA_CERTS": str(sandbox.ca_file),
            "AUTH0_DOMAIN": sandbox.tenant_url.removeprefix("https://"),
            "AUTH0_CLIENT_ID": sandbox.client_id,
            "AUTH0_CLIENT_SECRET": sandbox.client_secret,
            "AUTH0_INCLUDED_ONLY": json.dumps(RESOURCES),
            "AUTH0_ALLOW_DELETE": "false",
        }
        self._importer: subprocess.Popen[str] | None = None
        self._commands: TextIO

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._importer:
            self._commands.close()
            self._importer.communicate()

    def export(self, folder: Path) -> dict[str, str]:
        """Export the tenant; answers the content of each file by its path."""
        done = subprocess.run(
            [EXECUTABLE, "export", "--format", "yaml", "--output_folder", folder],
            env=self._environment,
            cwd=self._sandbox.state_dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return {
            str(file.relative_to(folder)): file.read_text(encoding="utf-8")
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }

    def apply(self, folder: Path, *, dry_run: bool = False) -> str:
        """Import an export, or say what that would change; answers what the tool prints."""
        if self._importer is None:
            self._importer, self._commands = self._start()
        command = {"file": str(folder / "tenant.yaml"), "dryRun": dry_run}
        print(json.dumps(command), file=self._commands, flush=True)
        assert self._importer.stdout
        printed = ""
        for line in self._importer.stdout:
            if line.startswith(_DONE):
                assert json.loads(line.removeprefix(_DONE))["error"] is None, printed + line
                return printed
            printed += line
        raise AssertionError(f"the tool ended by itself:\n{printed}")

    def _start(self) -> tuple[subprocess.Popen[str], TextIO]:
        theirs, ours = os.pipe()
        process = subprocess.Popen(
            ["node", str(IMPORTER), str(theirs)],
            env=self._environment,
            cwd=self._sandbox.state_dir,
            pass_fds=[theirs],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(theirs)
        return process, os.fdopen(ours, "w")


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with start(quick(tmp_path_factory.mktemp("sandbox"))) as sandbox:
        tenant = tenant_of(sandbox)
        with closing(tenant.http):
            yield tenant


@pytest.fixture(scope="module")
def tool(tenant: Tenant) -> Iterator[DeployCli]:
    with DeployCli(tenant.running) as tool:
        yield tool


def fill(running: RunningSandbox) -> None:
    """A tenant that sends, with something of everything that the sandbox has."""
    tenant = running.parts.tenant
    let_it_send(tenant, {"CPAAS_API_KEY": "canary"})
    if tenant.generation == "legacy":
        tenant.guardian.set_templates(LEGACY_TEXTS)
    else:
        ref = {"ref": {"type": "action_name", "value": "phone"}, "display_name": "phone"}
        tenant.bindings.replace(TRIGGERS["unified"], [ref])
        for kind in ("otp_verify", "otp_enroll"):
            texts = {"text": f"{kind} {{{{ code }}}}", "voice": "{{ code }}"}
            tenant.templates.create({"type": kind, "disabled": False, "content": {"body": texts}})
    tenant.guardian.set_factor("otp", enabled=True)
    tenant.guardian.set_policies(["all-applications"])
    tenant.factor_settings.replace("push-notification/providers/sns", SNS)
    tenant.settings.patch({"friendly_name": "みらい銀行", "enabled_locales": ["ja", "en"]})


def give_secrets_values(folder: Path) -> None:
    """Exports name secrets without their values, as no API gives those away."""
    file = folder / "tenant.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    for action in document["actions"]:
        action["secrets"] = [{**one, "value": "new"} for one in action["secrets"]]
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


def meaning(exported: dict[str, str]) -> dict[str, Any]:
    """What an export says, without what an import cannot keep.

    The tool customises every template that a tenant lists, also the defaults; those lose their
    empty `from`, which the API does not take (§5.2), and the list's order is that of creation.
    """
    document = yaml.safe_load(exported["tenant.yaml"])
    for template in document.get("phoneTemplates", []):
        if not template["content"].get("from"):
            template["content"].pop("from", None)
    document.get("phoneTemplates", []).sort(key=lambda one: one["type"])
    return {**exported, "tenant.yaml": document}


def refused(tenant: Tenant) -> set[tuple[int, str]]:
    """What the tool asked for and did not get, since the last reset; nothing was missing."""
    counters = tenant.control("GET", "/health")["counters"]
    assert (counters["unknown_routes"], counters["errors"]) == (0, 0)
    return {
        (one["status"], one["path"].removeprefix("/api/v2/guardian/factors/"))
        for one in tenant.logged()
        if one["status"] >= 300
    }


REFUSED: dict[str, set[tuple[int, str]]] = {
    "unified": {
        (403, "sms/providers/twilio"),
        (403, "sms/templates"),
        (403, "phone/selected-provider"),
    },
    "legacy": set(),
}
"""What the unified experience forbids to everybody (§6.6); the tool warns and goes on."""


def test_the_tool_is_installed() -> None:
    assert EXECUTABLE.exists(), "npm ci installs it: tools/node-packages"


def test_an_export_is_taken_for_the_same(tenant: Tenant, tool: DeployCli, tmp_path: Path) -> None:
    # One test: two on two workers would compile the tool's schemas twice.
    live_with_the_tool("unified", tenant, tool, tmp_path / "unified")
    live_with_the_tool("legacy", tenant, tool, tmp_path / "legacy")


def live_with_the_tool(
    generation: Generation, tenant: Tenant, tool: DeployCli, tmp_path: Path
) -> None:
    tenant.control("POST", "/reset", {"generation": generation})
    fill(tenant.running)

    exported = tool.export(tmp_path / "first")
    says_what_the_tenant_has(exported, generation)
    assert "canary" not in str(exported)

    tool.apply(tmp_path / "first")
    assert meaning(tool.export(tmp_path / "again")) == meaning(exported), "import of an export"

    inside = tenant.running.parts.tenant
    inside.guardian.set_policies([])
    before = len(writes(tenant))
    plan = tool.apply(tmp_path / "first", dry_run=True)
    assert "GuardianPolicies" in plan, plan
    assert "UPDATE" in plan
    assert len(writes(tenant)) == before, "a dry run writes nothing"
    assert inside.policies() == []
    assert refused(tenant) == REFUSED[generation]

    give_secrets_values(tmp_path / "first")
    tenant.control("POST", "/reset", {"generation": generation})
    tool.apply(tmp_path / "first")
    assert meaning(tool.export(tmp_path / "second")) == meaning(exported), "into an empty tenant"
    assert refused(tenant) == REFUSED[generation]
    assert inside.deployed_action(TRIGGERS[generation]) is not None


def says_what_the_tenant_has(exported: dict[str, str], generation: Generation) -> None:
    document = yaml.safe_load(exported["tenant.yaml"])
    assert assemble(TRIGGERS[generation]) in exported.values()
    if generation == "unified":
        assert document["tenant"]["phone_consolidated_experience"] is True
        assert document["guardianPhoneFactorMessageTypes"]["message_types"] == ["sms", "voice"]
        assert document["phoneProviders"][0]["name"] == "custom"
    else:
        selected = document["guardianPhoneFactorSelectedProvider"]
        assert selected == {"provider": "phone-message-hook"}
        assert document["guardianFactorTemplates"] == [{"name": "sms", **LEGACY_TEXTS}]
