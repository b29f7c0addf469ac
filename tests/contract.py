"""Where the recorded facts of the real services are: a folder beside the checkout, for tests only.

A test that needs a file and does not find it fails with the path it looked at, so that a missing
folder is never mistaken for an agreement with the contract.
"""

import json
import os
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent


def contract_dir() -> Path:
    """The folder of recorded facts: $PHONEMFA_CONTRACT_DIR, else ../shared/contract."""
    configured = os.environ.get("PHONEMFA_CONTRACT_DIR")
    return Path(configured) if configured else PROJECT.parent / "shared" / "contract"


def contract_file(relative: str) -> Path:
    """The path of one contract file.

    Raises:
        FileNotFoundError: with the path that was looked at and how to point elsewhere.
    """
    path = contract_dir() / relative
    if not path.exists():
        raise FileNotFoundError(
            f"The contract file {relative} is missing: looked at {path}. "
            "These tests compare the sandbox with recorded traffic that lives outside this "
            "repository; set PHONEMFA_CONTRACT_DIR to the folder that holds it."
        )
    return path


def load_json(relative: str) -> Any:
    """A contract JSON file, decoded."""
    return json.loads(contract_file(relative).read_text(encoding="utf-8"))


def load_recording(name: str) -> list[dict[str, Any]]:
    """The interactions of one recording (go-vcr cassette), in the order they were recorded."""
    text = contract_file(f"recordings/{name}.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    interactions: list[dict[str, Any]] = yaml.load(text, Loader=loader)["interactions"]  # noqa: S506 - a safe loader either way
    return interactions
