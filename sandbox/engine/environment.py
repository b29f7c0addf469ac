"""The environment that `pulumi` runs in against the sandbox.

Nothing of the user's own Pulumi or Auth0 set-up gets in, and nothing of the sandbox's gets out: a
Pulumi home, a state backend and a passphrase of its own, the sandbox's tenant, its CA.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.engine.ensure import Engine
from sandbox.engine.plugin import PROGRAM, Plugin
from sandbox.machine.files import SECRET_MODE, private_folder, write_atomically

# The user's settings for Pulumi and Auth0 must not reach the sandbox: an access token would make
# Pulumi log in, an AUTH0_DOMAIN would point the plugin at a real tenant.
_FOREIGN_PREFIXES = ("PULUMI_", "AUTH0_")
_FOREIGN = ("PYTHONHOME", "PYTHONPATH", "SSL_CERT_DIR")
_LOOPBACK = ("localhost", "127.0.0.1")


def engine_environment(
    engine: Engine,
    plugin: Plugin,
    *,
    state_dir: Path,
    tenant: Mapping[str, str],
    colour: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """A complete environment for running the real Pulumi CLI against a sandbox tenant.

    Home (with the plugin), backend and passphrase are made in `state_dir`; `tenant` has the
    variables by which the plugin reaches it. This interpreter runs the program and the stand-in:
    the language host used here does not read `runtime.options`, so its folder comes first on PATH.
    """
    state_dir = private_folder(state_dir.absolute())
    home = private_folder(state_dir / "pulumi-home")
    backend = private_folder(state_dir / "pulumi-state")
    passphrase = state_dir / "passphrase"
    if not passphrase.exists():
        write_atomically(passphrase, secrets.token_urlsafe(32), mode=SECRET_MODE)
    no_proxy = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    users_path = environ.get("PATH", "")
    installed = plugin.put_into(home)
    # The engine takes what is on PATH before what is installed.
    hidden = shutil.which(PROGRAM, path=users_path) is not None
    path = [Path(sys.prefix) / "bin", *([installed] if hidden else []), engine.pulumi.parent]
    env = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_FOREIGN_PREFIXES) and name not in _FOREIGN
    }
    return env | {
        "PATH": os.pathsep.join([*map(str, path), *([users_path] if users_path else [])]),
        "VIRTUAL_ENV": sys.prefix,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The language host asks pip for the packages of each program; pip would ask its index
        # for a newer pip.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Everything that is needed is there; a download would only delay an error message.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # A proxy for the internet must not get requests meant for this machine.
        **dict.fromkeys(
            ("NO_PROXY", "no_proxy"),
            ",".join(filter(None, dict.fromkeys([*no_proxy, *_LOOPBACK]))),
        ),
        **tenant,
        **({} if colour else {"NO_COLOR": "1"}),
    }
