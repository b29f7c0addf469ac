"""Pulumi runs with nothing of the user's own, and leaves nothing in the user's home."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from sandbox.engine.ensure import Engine
from sandbox.engine.environment import TenantAccess, engine_environment, passphrase_file
from sandbox.engine.plugin import PROGRAM, Plugin
from tests.sandbox.engine import fakes

USER = {
    "PATH": "/usr/bin:/opt/bin",
    "HOME": "/home/somebody",
    "LANG": "ja_JP.UTF-8",
    "PULUMI_ACCESS_TOKEN": "token",
    "PULUMI_HOME": "/home/somebody/.pulumi",
    "PULUMI_BACKEND_URL": "https://api.pulumi.com",
    "PULUMI_CONFIG_PASSPHRASE": "theirs",
    "PULUMI_STACK": "prod",
    "AUTH0_DOMAIN": "real.example.auth0.com",
    "AUTH0_API_TOKEN": "real",
    "AUTH0_CLIENT_SECRET": "real",
    "SSL_CERT_DIR": "/somewhere",
    "PYTHONPATH": "/elsewhere",
    "NO_PROXY": "localhost,intra.example",
}


def made(folder: Path, *, colour: bool = False, path: str = USER["PATH"]) -> dict[str, str]:
    engine = Engine(folder / "engine" / "pulumi", "3.259.0")
    plugin = Plugin(folder / "plugin" / PROGRAM, official=False, version=None, why="test")
    tenant = TenantAccess("localhost:8443", "id", "secret", folder / "ca.pem")
    return engine_environment(
        engine,
        plugin,
        state_dir=folder / "state",
        tenant=tenant,
        colour=colour,
        environ=USER | {"PATH": path},
    )


def test_nothing_of_the_users_pulumi_or_auth0_gets_in_or_out(tmp_path: Path) -> None:
    env = made(tmp_path)
    theirs = {"token", "theirs", "prod", "real", "real.example.auth0.com", "/somewhere"}
    assert theirs.isdisjoint(env.values())
    assert not any("/home/somebody" in value for name, value in env.items() if name != "HOME")
    assert "PYTHONPATH" not in env
    state = tmp_path / "state"
    ours = {
        "LANG": "ja_JP.UTF-8",
        "PULUMI_HOME": str(state / "pulumi-home"),
        "PULUMI_BACKEND_URL": f"file://{state}/pulumi-state",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(state / "passphrase"),
        "AUTH0_DOMAIN": "localhost:8443",
        "AUTH0_CLIENT_ID": "id",
        "AUTH0_CLIENT_SECRET": "secret",
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "NO_PROXY": "localhost,intra.example,127.0.0.1",
        "NO_COLOR": "1",
    }
    assert {name: env[name] for name in ours} == ours
    assert "NO_COLOR" not in made(tmp_path, colour=True)


def test_the_engine_finds_the_plugin_before_one_that_the_user_has_on_path(tmp_path: Path) -> None:
    fakes.program(tmp_path / "users" / PROGRAM, "exit 1")
    ours = [str(Path(sys.prefix) / "bin"), str(tmp_path / "engine")]
    home = tmp_path / "state" / "pulumi-home" / "plugins" / "resource-auth0-v3.55.1"

    without = made(tmp_path)["PATH"].split(os.pathsep)
    hidden = made(tmp_path, path=f"/usr/bin:{tmp_path}/users")["PATH"].split(os.pathsep)

    # One from PATH is warned of, and an installed one is not: only where another would be taken.
    assert without == [*ours, "/usr/bin", "/opt/bin"]
    assert hidden == [ours[0], str(home), ours[1], "/usr/bin", f"{tmp_path}/users"]
    assert (home / PROGRAM).readlink() == tmp_path / "plugin" / PROGRAM


def test_passphrase_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = passphrase_file(tmp_path / "state")
    first = path.read_text()

    assert passphrase_file(tmp_path / "state").read_text() == first
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_secret_is_not_in_the_tenant_accesss_text() -> None:
    access = TenantAccess("localhost:1", "id", "very-secret", Path("/ca.pem"))
    assert "very-secret" not in repr(access)
