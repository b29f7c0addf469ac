#!/usr/bin/env -S python3 -u
"""The policy pack as the Pulumi engine starts it: `--policy-pack policy/__main__.py`.

A file and not the folder: Pulumi starts a file itself, a folder through its language host, and
the language host that the sandbox may have to build is too old for that. Unbuffered (-u), because
the engine waits for the port that the SDK prints and does not flush.
"""

import sys
from pathlib import Path

# The engine starts this from anywhere; the modules beside it are imported as `policy.*`.
sys.path[0] = str(next(up for up in Path(__file__).resolve().parents if (up / "phonemfa").is_dir()))

from pulumi_policy import PolicyPack  # noqa: E402 - only now on the path

from policy.pack import NAME, hide_secrets_from_rules, policies  # noqa: E402

hide_secrets_from_rules()
PolicyPack(NAME, policies())
