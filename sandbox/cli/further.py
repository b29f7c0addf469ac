"""Further tenants of the sandbox, each with a stack of its own in the checkout.

To try a stack of one's own on, a rotation, a fleet, a legacy tenant or a move: all share the CA,
the backend, the client and the CPaaS key of the sandbox that runs.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.cli.up import TEST_NUMBER
from sandbox.cli.workplace import Workplace, serving
from sandbox.engine.stack import STACK
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import private_folder
from sandbox.server import daemon, ports
from sandbox.server.record import ServerRecord, client, running_record

_TENANTS: Final = "tenants"
_SHARED: Final = ("ca-key.pem", "ca.pem", "credentials.json")


def start_tenant(workplace: Workplace, name: str) -> Path:
    """Start the tenant `name`; without a stack of that name, draw one up. Its file.

    Raises:
        SandboxError: a bad name, no sandbox that runs, or somebody's own stack of that name.
    """
    main = workplace.server()
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name) or name == STACK:
        raise SandboxError(
            f"{name} cannot be the name of a further tenant.", "Take lower-case letters and digits."
        )
    folder, file = workplace.state_dir / _TENANTS / name, _file(workplace, name)
    is_new = not file.exists()
    if not is_new and not folder.exists():
        raise SandboxError(f"{file} is there already.", "Take another name, or remove the file.")
    private_folder(folder)
    for one in _SHARED:
        shutil.copy(workplace.state_dir / one, folder / one)
    further = replace(workplace, state_dir=folder, wanted_ports=_ports(file))
    record, _ = serving(further)
    if is_new:
        _draw_up(workplace, main, record, file)
    return file


def running_tenants(workplace: Workplace) -> Iterator[tuple[Path, ServerRecord]]:
    """The further tenants that run: state folder and server."""
    for folder in sorted((workplace.state_dir / _TENANTS).glob("*")):
        if record := running_record(folder):
            yield folder, record


def stop_tenants(workplace: Workplace) -> list[str]:
    """End every further tenant, and answer their names; state and stacks' files stay."""
    folders = [folder for folder, _ in running_tenants(workplace)]
    for folder in folders:
        daemon.end(folder)
    return [folder.name for folder in folders]


def new_key(workplace: Workplace) -> str:
    """A further key, which the CPaaS of every tenant takes from now on."""
    key = secrets.token_urlsafe(24)
    for folder, record in [(workplace.state_dir, workplace.server()), *running_tenants(workplace)]:
        with client(folder, record, cpaas=True) as cpaas:
            cpaas.post("/_sandbox/keys", json={"key": key}).raise_for_status()
    return key


def _file(workplace: Workplace, name: str) -> Path:
    return workplace.project_dir / f"Pulumi.{name}.yaml"


def _ports(file: Path) -> dict[ports.Listener, int]:
    """Any that are free, but for the tenant's own: its stack names it."""
    wanted = dict.fromkeys(ports.LISTENERS, 0)
    with suppress(OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        domain = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]["auth0:domain"]
        wanted[ports.TENANT] = int(domain.rpartition(":")[2])
    return wanted


def _draw_up(workplace: Workplace, main: ServerRecord, record: ServerRecord, file: Path) -> None:
    """A stack as the sandbox's own, of this tenant."""
    committed = (workplace.project_dir / f"Pulumi.{STACK}.yaml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(committed)["config"] | {
        "auth0:domain": f"localhost:{record.tenant_port}",
        "phonemfa:experience": record.generation,
        "phonemfa:testNumbers": [TEST_NUMBER],
    }
    text = yaml.safe_dump({"config": config}, allow_unicode=True, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    name = file.name.split(".")[1]
    environment, cwd = workplace.environment(main), workplace.project_dir
    pulumi = partial(workplace.engine.quietly, cwd=cwd, environment=environment)
    pulumi("stack", "init", name, "--no-select", unless="already exists")
    words = ("config", "set", "--secret", "phonemfa:cpaasApiKey", "--stack", name)
    pulumi(*words, stdin=workplace.credentials.cpaas_api_key)
