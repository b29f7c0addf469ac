"""How long the sandbox takes to answer while 200 requests arrive in each second.

Owns an open loop: every request has its moment, whether earlier ones are answered or not, and its
time counts from that moment, so that a server that falls behind cannot hide it. The load comes
from a process of its own (`python -m bench.load`), which is told what to send on standard input.
Refuses any answer but the expected: a refusal would be quick and mean nothing.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any, Final

import aiohttp

from bench.workplace import Bench
from sandbox.cli.workplace import PROJECT

RATE: Final = 200
SECONDS: Final = 10.0
_CONNECTIONS: Final = 20
_WARM_UP_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of the mix; `body` is None for a read."""

    method: str
    path: str
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class LoadFigures:
    """Of one run: milliseconds from the moment a request was due to the end of its answer."""

    requests: int
    writes: int
    seconds: float
    p50_ms: float
    p99_ms: float
    worst_ms: float


def measure(bench: Bench, *, seconds: float = SECONDS) -> LoadFigures:
    """Send the mix to the applied tenant at `RATE` for `seconds`, from another process.

    Raises:
        RuntimeError: an answer was not the expected one.
    """
    bench.back_to("applied", "ours")
    access = bench.access
    order = {
        "url": bench.record.tenant_url,
        "ca_file": str(access.ca_file),
        "client_id": access.client_id,
        "client_secret": access.client_secret,
        "mix": [asdict(one) for one in mix(bench)],
        "seconds": seconds,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=PROJECT,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        raise RuntimeError(f"the load was not answered:\n{ended.stderr}")
    return LoadFigures(**json.loads(ended.stdout))


def mix(bench: Bench) -> list[Request]:
    """What an engine, an operator and a dashboard ask in turn: three reads, and one write."""
    content = bench.control("GET", "/state")["content"]
    (action,), (provider,) = content["actions"], content["phone_providers"]
    template, *_ = content["phone_templates"]
    reads = [
        f"/actions/actions/{action}",
        "/guardian/factors",
        f"/branding/phone/providers/{provider}",
        "/actions/actions?per_page=50",
        f"/branding/phone/templates/{template}",
        "/guardian/policies",
    ]
    writes = [
        Request(
            method="PUT", path="/guardian/factors/phone/message-types", body=_types("sms", "voice")
        ),
        Request(
            method="PATCH", path=f"/branding/phone/templates/{template}", body={"disabled": False}
        ),
    ]
    asked = [Request(method="GET", path=path) for path in reads]
    return [*asked[:3], writes[0], *asked[3:], writes[1]]


def _types(*channels: str) -> dict[str, list[str]]:
    return {"message_types": list(channels)}


async def send(order: dict[str, Any]) -> LoadFigures:
    """Send `order["mix"]` over and over, each request at its moment."""
    trust = ssl.create_default_context(cafile=order["ca_file"])
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=trust)
    async with aiohttp.ClientSession(base_url=order["url"], connector=connector) as http:
        token = await _token(http, order)
        headers = {"Authorization": f"Bearer {token}"}
        requests = [Request(**one) for one in order["mix"]]
        await _at_their_moments(http, headers, requests, int(RATE * _WARM_UP_SECONDS))
        count = int(RATE * order["seconds"])
        began = time.perf_counter()
        took = await _at_their_moments(http, headers, requests, count)
        lasted = time.perf_counter() - began
    return LoadFigures(
        requests=len(took),
        writes=sum(one.method != "GET" for one in islice(cycle(requests), count)),
        seconds=lasted,
        p50_ms=statistics.median(took),
        p99_ms=percentile(took, 99),
        worst_ms=max(took),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


async def _token(http: aiohttp.ClientSession, order: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": order["client_id"],
        "client_secret": order["client_secret"],
        "audience": f"{order['url']}/api/v2/",
    }
    async with http.post("/oauth/token", data=form) as answer:
        answer.raise_for_status()
        token: str = (await answer.json())["access_token"]
        return token


async def _at_their_moments(
    http: aiohttp.ClientSession, headers: dict[str, str], requests: list[Request], count: int
) -> list[float]:
    start = time.perf_counter() + 0.05

    async def one(number: int, request: Request) -> float:
        due = start + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        path = f"/api/v2{request.path}"
        async with http.request(request.method, path, json=request.body, headers=headers) as answer:
            body = await answer.read()
            if answer.status != 200:  # noqa: PLR2004
                raise RuntimeError(f"{request.method} {path}: {answer.status} {body.decode()}")
        return (time.perf_counter() - due) * 1000

    chosen = islice(cycle(requests), count)
    return list(await asyncio.gather(*(one(number, each) for number, each in enumerate(chosen))))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(asyncio.run(send(json.load(sys.stdin))))))
