"""The environment that `pulumi` runs in against the sandbox.

Nothing of the user's own Pulumi or Auth0 set-up gets in, and nothing of the sandbox's gets out: a
Pulumi home, a state backend and a passphrase of its own, the sandbox's tenant, its CA.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import Plugin
from sandbox.machine.files import SECRET_MODE, private_folder, write_atomically

# The user's settings for Pulumi and Auth0 must not reach the sandbox: an access token would make
# Pulumi log in, an AUTH0_DOMAIN would point the plugin at a real tenant.
_FOREIGN_PREFIXES = ("PULUMI_", "AUTH0_")
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "SSL_CERT_DIR")
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class TenantAccess:
    """How the plugin reaches a tenant.

    `domain` is `host:port` (the plugin adds https); `ca_file` is the CA to trust, None for
    the system's own.
    """

    domain: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_file: Path | None


def passphrase_file(state_dir: Path) -> Path:
    """The file with the passphrase of the sandbox's own stack; made on the first call (0600)."""
    path = private_folder(state_dir) / "passphrase"
    if not path.exists():
        write_atomically(path, secrets.token_urlsafe(32), mode=SECRET_MODE)
    return path


def engine_environment(
    engine: Engine,
    plugin: Plugin,
    *,
    state_dir: Path,
    tenant: TenantAccess,
    colour: bool = False,
    environ: Mapping[str, str] | None = None,
    python_bin: Path | None = None,
) -> dict[str, str]:
    """A complete environment for running the real Pulumi CLI against a sandbox tenant.

    Args:
        engine: from `ensure_engine`.
        plugin: from `find_plugin`.
        state_dir: the sandbox's state folder; `pulumi-home`, `pulumi-state` and `passphrase` in
            it are made here.
        tenant: address and credentials of the tenant.
        colour: whether Pulumi may colour its output.
        environ: what to start from; default `os.environ`.
        python_bin: the folder whose `python3` runs the program and the stand-in plugin; default
            that of the running interpreter. (The language host used here does not read
            `runtime.options`, so it must come first on PATH.)
    """
    environ = os.environ if environ is None else environ
    python_bin = Path(sys.prefix) / "bin" if python_bin is None else python_bin
    state_dir = private_folder(state_dir.absolute())
    home = private_folder(state_dir / "pulumi-home")
    backend = private_folder(state_dir / "pulumi-state")
    env = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN
    }
    return env | {
        "PATH": _path(engine, plugin, python_bin, environ),
        "VIRTUAL_ENV": str(python_bin.parent),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase_file(state_dir)),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The language host asks pip for the packages of each program; pip would ask its index
        # for a newer pip.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Everything that is needed is on PATH; a download would only delay an error message.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AUTH0_DOMAIN": tenant.domain,
        "AUTH0_CLIENT_ID": tenant.client_id,
        "AUTH0_CLIENT_SECRET": tenant.client_secret,
        # A proxy for the internet must not get requests meant for this machine.
        "NO_PROXY": _without_proxy(environ),
        "no_proxy": _without_proxy(environ),
        **({"SSL_CERT_FILE": str(tenant.ca_file.absolute())} if tenant.ca_file else {}),
        **({} if colour else {"NO_COLOR": "1"}),
    }


def _path(engine: Engine, plugin: Plugin, python_bin: Path, environ: Mapping[str, str]) -> str:
    plugin_folder = plugin.executable.parent
    engine_folders = list(engine.search_path)
    # A folder that holds only the plugin goes first, so that no other plugin hides it. One that
    # holds programs of Pulumi too goes behind the engine that was chosen.
    if (plugin_folder / engine.language_host.name).exists():
        ordered = [python_bin, *engine_folders, plugin_folder]
    else:
        ordered = [python_bin, plugin_folder, *engine_folders]
    rest = [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    return os.pathsep.join(str(folder) for folder in dict.fromkeys([*ordered, *rest]))


def _without_proxy(environ: Mapping[str, str]) -> str:
    configured = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    return ",".join(dict.fromkeys([*filter(None, configured.split(",")), *_LOOPBACK]))
