"""The runner's process: secrets, limits, death and names."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.runner import ActionOutcome, ActionRunner, NodeUnusableError
from sandbox.runner.runner import find_node

HANDLER = "onExecuteCustomPhoneProvider"
LIMIT = 1.0
"""Seconds; room for what is no loop, on a machine that does other things too."""


def handler(body: str) -> str:
    return f"exports.{HANDLER} = async (event, api) => {{ {body} }};"


@pytest.fixture
def runner() -> Iterator[ActionRunner]:
    runner = ActionRunner()
    yield runner
    runner.close()


@pytest.fixture
def impatient() -> Iterator[ActionRunner]:
    runner = ActionRunner(execution_limit=LIMIT)
    yield runner
    runner.close()


async def execute(
    runner: ActionRunner, code: str, *, version: str = "v1", **secrets: str
) -> ActionOutcome:
    return await runner.execute(
        code=code, version_id=version, handler=HANDLER, event={"n": 1}, secrets=secrets
    )


def test_the_outcome_of_the_action_comes_back(runner: ActionRunner) -> None:
    code = handler("console.log(event.n, event.secrets.A); api.notification.retry('later')")
    outcome = asyncio.run(execute(runner, code, A="b"))
    assert (outcome.kind, outcome.reason, outcome.console) == ("retry", "later", ["1 b"])
    assert outcome.duration_ms > 0


def test_secrets_are_in_no_argument_and_no_environment(runner: ActionRunner) -> None:
    code = handler(
        "const fs = require('fs');"
        "console.log(fs.readFileSync('/proc/self/cmdline', 'latin1').includes('hush'),"
        " fs.readFileSync('/proc/self/environ', 'latin1').includes('hush'),"
        " Object.keys(process.env).sort().join())"
    )
    outcome = asyncio.run(execute(runner, code, KEY="hush"))
    assert outcome.console == ["false false PATH"]


def test_the_users_environment_does_not_reach_the_action(
    runner: ActionRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "hush")
    outcome = asyncio.run(execute(runner, handler("console.log(process.env.AUTH0_CLIENT_SECRET)")))
    assert outcome.console == ["undefined"]


def test_an_action_cannot_break_the_protocol(runner: ActionRunner) -> None:
    code = handler(
        "process.stdout.write('{\"id\": 1}\\n'); globalThis.console.log('noise');"
        "Promise.reject(new Error('left behind'))"
    )
    for _ in range(3):
        assert asyncio.run(execute(runner, code)).kind == "success"


@pytest.mark.parametrize(
    "write",
    [
        "fs.writeSync(1, 'noise')",
        "fs.writeSync(1, '\\n[]\\n{\"id\": []}\\n7\\n')",
        "require('child_process').execSync('echo noise', { stdio: 'inherit' })",
    ],
)
def test_what_an_action_writes_past_the_runner_is_no_answer(
    runner: ActionRunner, write: str
) -> None:
    code = handler(f"const fs = require('fs'); {write}; api.notification.drop('why')")
    for _ in range(2):
        assert asyncio.run(execute(runner, code)).reason == "why"


def test_a_dead_process_is_an_error_once_and_then_replaced(runner: ActionRunner) -> None:
    async def scenario() -> None:
        ended = await execute(runner, handler("process.exit(3)"), version="ends")
        assert ended.kind == "error"
        assert "status 3" in (ended.reason or "")
        assert (await execute(runner, handler(""), version="good")).kind == "success"

    asyncio.run(scenario())


def test_an_error_nobody_catches_ends_the_process_without_a_word(
    runner: ActionRunner, capfd: pytest.CaptureFixture[str]
) -> None:
    code = handler(
        "setTimeout(() => { throw new Error(`leaked ${event.secrets.KEY}`) });"
        "await new Promise(() => {});"
    )
    ended = asyncio.run(execute(runner, code, KEY="hush"))
    assert (ended.kind, ended.reason) == (
        "error",
        "the Node process ended (status 70) during execution",
    )
    assert asyncio.run(execute(runner, handler(""), version="good")).kind == "success"
    captured = capfd.readouterr()
    assert "hush" not in captured.out + captured.err


def test_a_reset_forgets_code_and_cache(runner: ActionRunner) -> None:
    code = handler("console.log(api.cache.get('k')?.value); api.cache.set('k', 'v')")
    seen = [asyncio.run(execute(runner, code)).console for _ in range(2)]
    runner.reset()
    seen.append(asyncio.run(execute(runner, code)).console)
    assert seen == [["undefined"], ["v"], ["undefined"]]


def test_code_that_blocks_the_process_is_ended_at_the_limit(impatient: ActionRunner) -> None:
    async def scenario() -> None:
        blocked = await execute(impatient, handler("for (;;) {}"), version="blocks")
        assert blocked.kind == "error"
        assert "over the limit of 1 s" in (blocked.reason or "")
        assert (await execute(impatient, handler(""), version="good")).kind == "success"

    asyncio.run(scenario())


def test_a_loop_left_behind_costs_the_next_execution_its_limit_and_no_more(
    impatient: ActionRunner,
) -> None:
    """Also where the request is too large for the pipe, so that writing it waits too."""
    left = handler("setTimeout(() => { for (;;) {} })")

    async def scenario() -> None:
        assert (await execute(impatient, left, version="left")).kind == "success"
        large = await asyncio.wait_for(
            execute(impatient, f"/*{'x' * 95_000}*/", version="large"), 20
        )
        assert "over the limit of 1 s" in (large.reason or "")
        assert (await execute(impatient, handler(""), version="good")).kind == "success"

    asyncio.run(scenario())


def test_executions_wait_for_each_other_no_more_than_the_action_does(runner: ActionRunner) -> None:
    code = handler(
        "globalThis.here = (globalThis.here ?? 0) + 1;"
        "while (globalThis.here < 20) await new Promise((done) => setTimeout(done, 1));"
    )

    async def scenario() -> list[ActionOutcome]:
        return await asyncio.gather(*(execute(runner, code) for _ in range(20)))

    assert {outcome.kind for outcome in asyncio.run(scenario())} == {"success"}


def test_one_runner_serves_several_event_loops(runner: ActionRunner) -> None:
    outcomes: list[ActionOutcome] = []

    def ask() -> None:
        outcomes.append(asyncio.run(execute(runner, handler(""))))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome.kind for outcome in outcomes] == ["success"] * 4


def test_a_closed_runner_says_so() -> None:
    runner = ActionRunner()
    runner.close()
    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(execute(runner, handler("")))


@pytest.mark.parametrize(
    "asking",
    [
        (
            "try { await fetch('https://example.com/'); }"
            "catch (error) { console.log(error.cause.code, error.cause.syscall); }"
        ),
        (
            "await new Promise((done) => require('node:https').get('https://example.com/')"
            ".on('error', (error) => { console.log(error.code, error.syscall); done(); }));"
        ),
    ],
    ids=["fetch", "https"],
)
def test_no_real_name_resolves(runner: ActionRunner, asking: str) -> None:
    assert asyncio.run(execute(runner, handler(asking))).console == ["ENOTFOUND getaddrinfo"]


def test_a_missing_node_names_the_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeUnusableError, match=r"not found on PATH.*install Node\.js 18 or newer"):
        asyncio.run(execute(ActionRunner(), handler("")))


@pytest.mark.parametrize(
    ("answer", "message"),
    [("echo v16.20.2", "v16.20.2, too old"), ("echo what", "version"), ("exit 1", "version")],
)
def test_an_unfit_node_names_the_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, message: str
) -> None:
    program = tmp_path / "node"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(NodeUnusableError, match=message) as refused:
        find_node()
    assert "install Node.js 18 or newer" in str(refused.value)
