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

# An access token would make Pulumi log in, an AUTH0_DOMAIN point the plugin at a real tenant.
_FOREIGN = ("PULUMI_", "AUTH0_", "PYTHONHOME", "PYTHONPATH", "SSL_CERT_DIR")


def engine_environment(
    engine: Engine,
    plugin: Plugin,
    *,
    state_dir: Path,
    tenant: Mapping[str, str],
    colour: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """A complete one; home (with the plugin), backend and passphrase are made in `state_dir`.

    `tenant` has the variables by which the plugin reaches it. This interpreter runs the program and
    the stand-in: the language host does not read `runtime.options`, so it comes first on PATH.
    """
    state_dir = private_folder(state_dir.absolute())
    home = private_folder(state_dir / "pulumi-home")
    backend = private_folder(state_dir / "pulumi-state")
    passphrase = state_dir / "passphrase"
    if not passphrase.exists():
        write_atomically(passphrase, secrets.token_urlsafe(32), mode=SECRET_MODE)
    unproxied = (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(",")
    direct = ",".join(filter(None, dict.fromkeys([*unproxied, "localhost", "127.0.0.1"])))
    users_path = environ.get("PATH", "")
    installed = plugin.put_into(home)
    # The engine takes what is on PATH before what is installed.
    hidden = shutil.which(PROGRAM, path=users_path) is not None
    path = [Path(sys.prefix) / "bin", *([installed] if hidden else []), engine.pulumi.parent]
    users = {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}
    return users | {
        "PATH": os.pathsep.join([*map(str, path), *([users_path] if users_path else [])]),
        "VIRTUAL_ENV": sys.prefix,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The language host asks pip for a program's packages; pip would look for a newer pip.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        # Everything that is needed is there; a download would only delay an error message.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # A proxy for the internet must not get requests meant for this machine.
        "NO_PROXY": direct,
        "no_proxy": direct,
        **tenant,
        **({} if colour else {"NO_COLOR": "1"}),
    }
