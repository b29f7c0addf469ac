"""Where the CPaaS key comes from when somebody asks for it to be tried.

Owns the order: standard input if asked for, PHONEMFA_CPAAS_API_KEY, the stack's own secret through
the engine. Refuses to keep it anywhere but in memory, and to take it as an argument, which every
process of the machine could read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

from components.settings.raw_config import API_KEY, NAMESPACE
from phonemfa.engine import EngineFailedError, PulumiCli

VARIABLE: Final = "PHONEMFA_CPAAS_API_KEY"


class NoKeyError(Exception):
    """There is no key to try; the text says why, without it."""


def find_key(
    cli: PulumiCli,
    *,
    config_file: Path | None = None,
    from_input: bool = False,
    environ: Mapping[str, str] = os.environ,
    stream: TextIO | None = None,
) -> str:
    """The CPaaS key.

    Raises:
        NoKeyError: there is none, or it could not be sent in a header.
    """
    if from_input:
        key = (stream or sys.stdin).readline()
    else:
        key = environ.get(VARIABLE, "") or _of_stack(cli, config_file)
    key = key.rstrip("\r\n")
    if not key or not key.isascii() or any(one.isspace() for one in key):
        raise NoKeyError(
            "it is empty, or holds a space, a line break or a non-ASCII character, and the CPaaS "
            "would refuse it"
        )
    return key


def _of_stack(cli: PulumiCli, config_file: Path | None) -> str:
    file = ["--config-file", str(config_file.resolve())] if config_file else []
    try:
        return cli.run("config", "get", f"{NAMESPACE}:{API_KEY}", *file).out
    except EngineFailedError as error:
        raise NoKeyError(str(error)) from None
