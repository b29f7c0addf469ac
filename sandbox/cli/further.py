"""Further tenants of the sandbox, each with a stack of its own in the checkout.

To try a stack of one's own on, a rotation, a fleet, a legacy tenant or a move: all share the CA,
the backend, the client and the CPaaS key of the sandbox that runs.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.cli.up import TEST_NUMBER
from sandbox.cli.workplace import Workplace, serving
from sandbox.engine.stack import STACK
from sandbox.machine.errors import SandboxError
from sandbox.machine.files import private_folder, write_atomically
from sandbox.server import daemon, ports
from sandbox.server.record import ServerRecord, client, running_record

_TENANTS: Final = "tenants"
_KEY: Final = "phonemfa:cpaasApiKey"
_SHARED: Final = ("ca-key.pem", "ca.pem", "credentials.json")


def start_tenant(workplace: Workplace, name: str) -> Path:
    """Start the tenant `name`; without a stack of that name, draw one up. Its file."""
    main = workplace.server()
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name) or name == STACK:
        raise SandboxError(
            f"{name} cannot be the name of a further tenant.", "Take lower-case letters and digits."
        )
    folder, file = workplace.state_dir / _TENANTS / name, _file(workplace, name)
    if file.exists() and not folder.exists():
        raise SandboxError(f"{file} is there already.", "Take another name, or remove the file.")
    private_folder(folder)
    for one in _SHARED:
        shutil.copy(workplace.state_dir / one, folder / one)
    content = _content(file)
    domain = content["config"].get("auth0:domain", "localhost:0")
    port = str(domain).rpartition(":")[2]
    if not port.isdecimal():
        raise SandboxError(
            f"{file} is of {domain}, which is no tenant of the sandbox.",
            "Take another name, or correct its auth0:domain: localhost and a port.",
        )
    # Any ports that are free, but for the tenant's own: its stack names it.
    wanted = dict.fromkeys(ports.LISTENERS, 0) | {ports.TENANT: int(port)}
    record, _ = serving(replace(workplace, state_dir=folder, wanted_ports=wanted))
    # Its key comes last: where there is none, whoever drew it up was killed.
    if _KEY not in content["config"]:
        _draw_up(workplace, main, record, file, content)
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


def _content(file: Path) -> dict[str, Any]:
    """What is in a stack's file; without settings where there is none."""
    fix = "Correct it. A further tenant's is drawn up again where there is none."
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SandboxError(f"{file} cannot be read: {error}", fix) from error
    content = content or {}
    config = (content.get("config") or {}) if isinstance(content, dict) else None
    if not isinstance(config, dict):
        raise SandboxError(f"{file} has no settings under `config`.", fix)
    return content | {"config": config}


def _draw_up(
    workplace: Workplace,
    main: ServerRecord,
    record: ServerRecord,
    file: Path,
    content: dict[str, Any],
) -> None:
    """A stack as the sandbox's own, of this tenant; what its file has already stays."""
    config = _content(_file(workplace, STACK))["config"] | {
        "auth0:domain": f"localhost:{record.tenant_port}",
        "phonemfa:experience": record.generation,
        "phonemfa:testNumbers": [TEST_NUMBER],
        **content["config"],
    }
    text = yaml.safe_dump(content | {"config": config}, allow_unicode=True, sort_keys=False)
    write_atomically(file, text)
    name = file.name.split(".")[1]
    environment, cwd = workplace.environment(main), workplace.project_dir
    pulumi = partial(workplace.engine.quietly, cwd=cwd, environment=environment)
    pulumi("stack", "init", name, "--no-select", unless="already exists")
    words = ("config", "set", "--secret", _KEY, "--stack", name)
    pulumi(*words, stdin=workplace.credentials.cpaas_api_key)
