"""The Action's figures: size, module load, and overhead over one bare HTTPS round trip."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.action_code import assemble
from sandbox.server.assembly import ServerConfig
from sandbox.server.running import start

GOALS = {"bundle_bytes": 36_000, "module_load_ms": 5.0, "overhead_ms": 3.0}
_ROUNDS, _SAMPLES = 7, 40


@dataclass(frozen=True, kw_only=True)
class ActionFigures:
    """Medians over the rounds; `per_round` is the overhead of each."""

    bundle_bytes: int
    module_load_ms: float
    bare_round_trip_ms: float
    action_ms: float
    overhead_ms: float
    per_round: tuple[float, ...]

    def over_goal(self) -> list[str]:
        """Names of the figures that miss their goal."""
        return [name for name, goal in GOALS.items() if getattr(self, name) >= goal]


def measure(*, rounds: int = _ROUNDS, samples: int = _SAMPLES) -> ActionFigures:
    """Measure against the sandbox's CPaaS, over real TLS on loopback.

    Raises:
        RuntimeError: a message was not accepted, so that nothing was measured.
    """
    code = assemble("custom-phone-provider")
    with (
        tempfile.TemporaryDirectory() as folder,
        start(ServerConfig(Path(folder), tenant_port=0, cpaas_port=0, pages_port=0)) as sandbox,
    ):
        order = {
            "code": code,
            "handler": "onExecuteCustomPhoneProvider",
            "event": _event(sandbox.credentials.cpaas_api_key),
            "port": sandbox.record.cpaas_port,
            "rounds": rounds,
            "samples": samples,
        }
        ended = subprocess.run(
            ["node", str(Path(__file__).with_name("action.cjs"))],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=True,
            env={"NODE_EXTRA_CA_CERTS": str(sandbox.ca_file), "PATH": os.environ["PATH"]},
        )
    figures = json.loads(ended.stdout)
    if figures["failed"]:
        raise RuntimeError(f"messages were not accepted: {', '.join(figures['failed'])}")
    return ActionFigures(
        bundle_bytes=len(code.encode()),
        module_load_ms=figures["module_load_ms"],
        bare_round_trip_ms=figures["bare_round_trip_ms"],
        action_ms=figures["action_ms"],
        overhead_ms=figures["overhead_ms"],
        per_round=tuple(figures["overhead_per_round_ms"]),
    )


def _event(key: str) -> dict[str, Any]:
    return {
        "notification": {
            "as_text": "みらい銀行の認証コードは 482913 です。",
            "as_voice": "みらい銀行です。認証コードは、482913、です。",
            "code": "482913",
            "delivery_method": "text",
            "locale": "ja",
            "message_type": "otp_verify",
            "recipient": "+81-90-1234-5678",
        },
        "request": {"geoip": {"countryCode": "JP"}, "language": "ja"},
        "secrets": {
            "CPAAS_API_KEY": key,
            "CPAAS_BASE_URL": "cpaas.sandbox.test",
            "SMS_SENDER": "0005212345",
        },
    }
