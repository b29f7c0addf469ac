"""The Python end of the Action runner: one Node process, asked over a pipe.

It is started when first needed and replaced when it dies or hangs. Secrets travel over the pipe,
never in an argument or the environment, where every process of the user could read them. The pipe
is read in a thread, not in an event loop: each port's loop, or a test's own, may ask the runner.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sandbox.machine.errors import SandboxError

PROGRAM = Path(__file__).resolve().parent / "runner.cjs"

# The Action uses Node's https and regular expressions as Node 18 has them.
OLDEST_NODE = 18

PERMISSION_MODEL = (22, 13)
_FIRST_EXPERIMENT = (20, 12)
_FIRST_WITH_NET = (25, 0)

# Auth0's limit for one execution (cpaas-and-actions.md §2.4), and what the process gets on top
# to report it: only code that blocks Node's own loop runs into the second one.
EXECUTION_LIMIT = 20.0
GRACE = 1.0


class NodeUnusableError(SandboxError):
    """No `node` on PATH that can run an Action."""

    def __init__(self, problem: str) -> None:
        wanted = f"Node.js {OLDEST_NODE} or newer (https://nodejs.org; 22 is what Auth0 runs)"
        super().__init__(
            f"Deployed Actions cannot run: {problem}.", f"Install {wanted} so that it is on PATH."
        )


@dataclass(frozen=True)
class ActionOutcome:
    """How one execution ended.

    `error` is a throw, an invalid module or handler, or the time limit. `reason` is what the
    Action gave to drop or retry, or what it threw, at most 1024 characters. `console` holds the
    lines within Auth0's budget of 256 characters.
    """

    kind: Literal["success", "drop", "retry", "error"]
    reason: str | None = None
    console: list[str] = field(default_factory=list)
    duration_ms: float = 0.0


class ActionRunner:
    """Runs Actions; safe to share between threads and event loops.

    `hosts` are names with their ports on 127.0.0.1: no other name resolves inside an Action.
    `ca_file` is the authority that Node trusts besides its own.
    """

    def __init__(
        self,
        *,
        hosts: Mapping[str, int] | None = None,
        ca_file: Path | None = None,
        execution_limit: float = EXECUTION_LIMIT,
    ) -> None:
        self._hosts = dict(hosts or {})
        self._ca_file = ca_file
        self._limit = execution_limit
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._process: _NodeProcess | None = None
        self._closed = False

    async def execute(
        self,
        *,
        code: str,
        version_id: str,
        handler: str,
        event: Mapping[str, Any],
        secrets: Mapping[str, str],
        delivery_id: str | None = None,
    ) -> ActionOutcome:
        """Run one execution of the Action version to its end.

        `delivery_id` marks what it sends, unseen by it (`deliveries.cjs`). The code of a version is
        run once and reused, as Auth0 does; another text therefore needs another version id. Raises
        NodeUnusableError.
        """
        request = {
            "code": code,
            "version_id": version_id,
            "handler": handler,
            "event": dict(event),
            "secrets": dict(secrets),
            "delivery_id": delivery_id,
        }
        process = await asyncio.to_thread(self._running)
        try:
            async with asyncio.timeout(self._limit + GRACE):
                # In a thread, and within the limit: the pipe may be full while an Action blocks
                # Node's loop, and then a write to it waits.
                future = await asyncio.to_thread(process.ask, next(self._ids), {"execute": request})
                answer = await asyncio.wrap_future(future)
        except TimeoutError:
            # Nothing in the process answers any more: end it, so that the next execution runs.
            process.kill()
            return ActionOutcome(
                "error", f"execution over the limit of {self._limit:g} s: the process was ended"
            )
        return ActionOutcome(
            answer["kind"], answer["reason"], answer["console"], answer["duration_ms"]
        )

    def reset(self) -> None:
        """Forget loaded code and `api.cache`; executions under way end with an error."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _running(self) -> "_NodeProcess":
        with self._lock:
            if self._closed:
                raise RuntimeError("the Action runner is closed")
            if self._process is None or not self._process.alive:
                self._process = _NodeProcess(find_node(), self._ca_file)
                limit = {"execution_limit_ms": self._limit * 1000}
                self._process.ask(next(self._ids), {"start": {"hosts": self._hosts, **limit}})
            return self._process


def find_node() -> str:
    """Path of a Node that can run Actions; NodeUnusableError: none on PATH, or too old."""
    path = shutil.which("node")
    if path is None:
        raise NodeUnusableError("node is not found on PATH")
    major, minor = node_version(path)
    if major < OLDEST_NODE:
        raise NodeUnusableError(f"{path} is {major}.{minor}, which is too old")
    return path


@cache
def node_version(node: str) -> tuple[int, int]:
    """Major and minor version. Raises NodeUnusableError: it does not tell."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        major, minor = answer.strip().removeprefix("v").split(".")[:2]
        return int(major), int(minor)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise NodeUnusableError(f"{node} does not tell its version") from error


def permissions(node: str) -> list[str]:
    """Arguments under which Node reads its own program, and neither writes nor starts anything."""
    version = node_version(node)
    if version < _FIRST_EXPERIMENT:
        return []
    flag = "--permission" if version >= PERMISSION_MODEL else "--experimental-permission"
    net = ["--allow-net"] if version >= _FIRST_WITH_NET else []
    return [
        flag,
        f"--allow-fs-read={PROGRAM.parent}/",
        *net,
        "--disable-warning=ExperimentalWarning",
    ]


def what_is_missing(node: str) -> str | None:
    """What this Node does not have of what keeps an Action in; None where it has all."""
    version = node_version(node)
    if version >= PERMISSION_MODEL:
        return None
    does = "does so only as an experiment" if version >= _FIRST_EXPERIMENT else "does not at all"
    wanted = ".".join(map(str, PERMISSION_MODEL))
    return (
        f"Node {wanted} or newer keeps an Action's code from this machine's files and programs; "
        f"yours, {version[0]}.{version[1]}, {does}"
    )


class _NodeProcess:
    """One Node process, its reader thread, and the executions that wait for an answer."""

    def __init__(self, node: str, ca_file: Path | None) -> None:
        # A small environment on purpose: an Action must not find the user's own variables.
        environment = {"PATH": os.environ.get("PATH", "")}
        if ca_file is not None:
            environment["NODE_EXTRA_CA_CERTS"] = str(ca_file)
        self._popen = subprocess.Popen(
            [node, *permissions(node), str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="utf-8",
            bufsize=1,
        )
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._lock = threading.Lock()
        self._ended = False
        self._killed = False
        threading.Thread(target=self._read, name="action-runner", daemon=True).start()

    @property
    def alive(self) -> bool:
        return not self._killed and self._popen.poll() is None

    def ask(self, number: int, message: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Send one request; the future gets its answer, an error where the process has ended."""
        future: Future[dict[str, Any]] = Future()
        line = json.dumps({"id": number, **message}) + "\n"
        with self._lock:
            if self._ended:
                future.set_result(_ended(""))
                return future
            self._waiting[number] = future
            # A broken pipe: the reader sees the end of the process and fails the future.
            with contextlib.suppress(OSError, ValueError):
                assert self._popen.stdin is not None  # noqa: S101 - opened as a pipe above
                self._popen.stdin.write(line)
                self._popen.stdin.flush()
        return future

    def kill(self) -> None:
        # Before the process is gone: the next execution must not be given to it.
        self._killed = True
        with contextlib.suppress(OSError):
            self._popen.kill()

    def _read(self) -> None:
        assert self._popen.stdout is not None  # noqa: S101 - opened as a pipe in __init__
        for line in self._popen.stdout:
            answer = _answer(line)
            if answer is None:
                continue
            with self._lock:
                future = self._waiting.pop(answer["id"], None)
            # An execution given up on (its time was over) has nobody waiting.
            if future is not None and future.set_running_or_notify_cancel():
                future.set_result(answer)
        status = self._popen.wait()
        with self._lock:
            self._ended = True
            left, self._waiting = self._waiting, {}
            for stream in (self._popen.stdin, self._popen.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
        for future in left.values():
            if future.set_running_or_notify_cancel():
                future.set_result(_ended(f" (status {status}) during execution"))


def _ended(when: str) -> dict[str, Any]:
    reason = f"the Node process ended{when}"
    return {"kind": "error", "reason": reason, "console": [], "duration_ms": 0.0}


def _answer(line: str) -> dict[str, Any] | None:
    """An answer of the program; None for what an Action wrote past the program."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(answer, dict) and isinstance(answer.get("id"), int)
    return answer if known else None
