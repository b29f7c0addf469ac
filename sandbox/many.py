"""Many sandbox tenants in one process, each with a stack of the package that is not applied yet.

What a fleet is tried on: one CA, one checkout and one backend for all.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from sandbox.engine.ensure import Engine
from sandbox.engine.environment import engine_environment
from sandbox.engine.plugin import Plugin
from sandbox.machine.files import SECRET_MODE, private_folder, write_atomically
from sandbox.server.assembly import ServerConfig
from sandbox.server.certificates import ensure_certificates
from sandbox.server.running import RunningSandbox, start

PROJECT = Path(__file__).resolve().parents[1]
CPAAS_KEY = "canary-cpaas-key"
"""Of every stack; no tenant here sends anything."""

_CERTIFICATES = ("ca-key.pem", "ca.pem", "server.pem")
_PROGRAM = ("Pulumi.yaml", "__main__.py", "components", "actions", "policy")
_SETTINGS = {
    "phonemfa:experience": "unified",
    "phonemfa:deliveryMethods": ["text", "voice"],
    "phonemfa:policy": "always",
    "phonemfa:cpaasBaseHost": "cpaas.sandbox.test",
    "phonemfa:smsSender": "0005212345",
    "phonemfa:voiceSender": "+815012345678",
}


@dataclass(frozen=True, kw_only=True)
class ManyTenants:
    """Tenants, and their stacks.

    Attributes:
        tenants: by stack: t01, t02, …
        project: the checkout, with a Pulumi.<stack>.yaml for each.
        env_dir: has <stack>.env: the tenant's client.
        environment: for Pulumi and phonemfa; names no tenant.
    """

    tenants: dict[str, RunningSandbox]
    project: Path
    env_dir: Path
    environment: dict[str, str]


@contextmanager
def started(folder: Path, names: Sequence[str]) -> Iterator[dict[str, RunningSandbox]]:
    """A tenant for each name, in this process, on free ports, with one CA for all."""
    ensure_certificates(folder / "certificates")
    running: dict[str, RunningSandbox] = {}
    try:
        for name in names:
            state_dir = private_folder(folder / name)
            for one in _CERTIFICATES:
                shutil.copy(folder / "certificates" / one, state_dir / one)
            running[name] = start(
                ServerConfig(state_dir, tenant_port=0, cpaas_port=0, pages_port=0)
            )
        yield running
    finally:
        # Each takes some tenths of a second to end; one after another would add up.
        with ThreadPoolExecutor(max_workers=16) as threads:
            list(threads.map(RunningSandbox.stop, running.values()))


@contextmanager
def many_tenants(folder: Path, count: int, engine: Engine, plugin: Plugin) -> Iterator[ManyTenants]:
    """`count` tenants with a stack each."""
    stacks = [f"t{number:02}" for number in range(1, count + 1)]
    project = folder / "package"
    project.mkdir()
    for name in _PROGRAM:
        (project / name).symlink_to(PROJECT / name)
    with started(folder / "tenants", stacks) as running:
        trust = {"SSL_CERT_FILE": str(running[stacks[0]].ca_file)}
        environment = engine_environment(engine, plugin, state_dir=folder / "state", tenant=trust)
        many = ManyTenants(
            tenants=running,
            project=project,
            env_dir=private_folder(folder / "variables"),
            environment=environment,
        )
        _draw_up(many, engine)
        yield many


def _draw_up(many: ManyTenants, engine: Engine) -> None:
    """The first stack by Pulumi itself; the others are its copies under other names.

    An empty stack is its name and nothing else, and what is encrypted with one passphrase and one
    salt is the same for all: half a second of CPU a stack that proves nothing here.
    """
    first, *others = many.tenants
    _write_config(many, first, {})
    pulumi = partial(engine.quietly, cwd=many.project, environment=many.environment)
    pulumi("stack", "init", first)
    key = ("config", "set", "--secret", "phonemfa:cpaasApiKey", "--stack", first)
    pulumi(*key, stdin=CPAAS_KEY)
    content = yaml.safe_load((many.project / f"Pulumi.{first}.yaml").read_text(encoding="utf-8"))
    backend = Path(many.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    state = backend / ".pulumi" / "stacks" / "phonemfa" / f"{first}.json"
    for stack in others:
        _write_config(many, stack, content)
        named = json.loads(state.read_text(encoding="utf-8"))
        named["checkpoint"]["stack"] = named["checkpoint"]["stack"].replace(first, stack)
        write_atomically(state.with_name(f"{stack}.json"), json.dumps(named), mode=SECRET_MODE)
    for stack, tenant in many.tenants.items():
        write_atomically(
            many.env_dir / f"{stack}.env",
            f"AUTH0_CLIENT_ID='{tenant.client_id}'\nAUTH0_CLIENT_SECRET='{tenant.client_secret}'\n",
            mode=SECRET_MODE,
        )


def _write_config(many: ManyTenants, stack: str, content: dict[str, Any]) -> None:
    domain = many.tenants[stack].tenant_url.removeprefix("https://")
    settings = _SETTINGS | content.get("config", {}) | {"auth0:domain": domain}
    text = yaml.safe_dump(content | {"config": settings}, allow_unicode=True)
    (many.project / f"Pulumi.{stack}.yaml").write_text(text, encoding="utf-8")
