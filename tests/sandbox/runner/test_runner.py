"""The runner's process: secrets, limits, death and names."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.runner.runner import (
    PROGRAM,
    ActionOutcome,
    ActionRunner,
    NodeUnusableError,
    find_node,
    permissions,
    what_is_missing,
)
from tests.sandbox.engine.test_ensure import until

HANDLER = "onExecuteCustomPhoneProvider"
LIMIT = 1.0
"""Seconds; room for what is no loop, on a machine that does other things too."""


def handler(body: str) -> str:
    return f"exports.{HANDLER} = async (event, api) => {{ {body} }};"


@pytest.fixture
def runner(request: pytest.FixtureRequest) -> Iterator[ActionRunner]:
    """A runner; with a limit where a test gives one."""
    runner = ActionRunner(**getattr(request, "param", {}))
    yield runner
    runner.close()


impatient = pytest.mark.parametrize("runner", [{"execution_limit": LIMIT}], indirect=True)


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


def process_of(runner: ActionRunner) -> Path:
    """What the system says of the runner's Node."""
    assert runner._process is not None
    return Path("/proc") / str(runner._process._popen.pid)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="read from /proc")
def test_secrets_are_in_no_argument_and_no_environment_and_the_users_own_stay_outside(
    runner: ActionRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "hush")
    code = handler("console.log(Object.keys(process.env).sort().join())")
    assert asyncio.run(execute(runner, code, KEY="hush")).console == ["PATH"]
    for name in ("cmdline", "environ"):
        assert b"hush" not in (process_of(runner) / name).read_bytes()


def test_an_action_cannot_break_the_protocol(runner: ActionRunner) -> None:
    code = handler("globalThis.console.log('{\"id\": 1}');Promise.reject(new Error('left behind'))")
    for _ in range(3):
        assert asyncio.run(execute(runner, code)).kind == "success"


MODULES = "console.log(require('node:module').builtinModules.join(' '))"
ALLOWED = {
    *("assert", "assert/strict", "async_hooks", "buffer", "crypto", "diagnostics_channel", "dns"),
    *("dns/promises", "events", "http", "http2", "https", "os", "path", "path/posix", "perf_hooks"),
    *("punycode", "querystring", "stream", "stream/consumers", "stream/promises", "stream/web"),
    *("string_decoder", "timers", "timers/promises", "tls", "url", "util", "util/types", "zlib"),
}


def test_only_listed_modules_can_be_loaded(runner: ActionRunner) -> None:
    told = subprocess.run([find_node(), "-e", MODULES], capture_output=True, text=True, check=True)
    known = {one for one in told.stdout.split() if not one.startswith("_")}
    names = sorted({*known, *(f"node:{one}" for one in known), "left-pad", "./names.cjs", "../x"})
    code = handler(
        f"console.log({json.dumps(names)}.filter((one) => {{"
        " try { require(one); return false; } catch { return true; } }).length)"
    )
    refused = [one for one in names if one.removeprefix("node:") not in ALLOWED]
    assert {"child_process", "fs", "net", "worker_threads", "vm", "module"} <= set(refused)
    assert asyncio.run(execute(runner, code)).console == [str(len(refused))]


@pytest.mark.parametrize(
    "way",
    [
        "process.binding('spawn_sync')",
        "process.mainModule.require('child_process')",
        "process.getBuiltinModule('child_process')",
        "process.dlopen({ exports: {} }, '/tmp/x.node')",
        "process.kill(process.ppid)",
        "process.exit(3)",
        "process.stdout.write('x')",
        "Function('return process')().kill(1)",
        "(await import('node:child_process')).execSync('id')",
        "module.constructor._load('fs')",
        "require.main.require('fs')",
        "require.cache.x.require('fs')",
    ],
)
def test_no_way_leads_past_the_list(runner: ActionRunner, way: str) -> None:
    outcome = asyncio.run(execute(runner, handler(f"{way}; api.notification.drop('done')")))
    assert outcome.kind == "error", outcome


def test_node_itself_reads_no_file_and_starts_no_program(tmp_path: Path) -> None:
    node = find_node()
    if not permissions(node):
        pytest.skip(f"{node} has no permission model")
    (tmp_path / "key.pem").write_text("a key")
    script = (
        f"const fs = require('node:fs'); fs.readFileSync({str(PROGRAM)!r});"
        "const tried = [() => fs.readFileSync(process.argv[1]),"
        " () => fs.writeFileSync(`${process.argv[1]}.new`, ''),"
        " () => require('node:child_process').execSync('id'),"
        " () => new (require('node:worker_threads').Worker)('1', { eval: true })];"
        "console.log(tried.map((one) => { try { one(); return 'done'; }"
        " catch (error) { return error.code; } }).join(' '))"
    )
    command = [node, *permissions(node), "-e", script, str(tmp_path / "key.pem")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["ERR_ACCESS_DENIED"] * 4
    assert told.stderr == ""


def fake_node(folder: Path, answer: str) -> Path:
    """A program that answers what is asked of Node with this."""
    program = folder / "node"
    program.write_text(f"#!/bin/sh\n{answer}\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("version", "flag", "missing"),
    [
        ("v18.20.8", None, "not at all"),
        ("v20.20.2", "--experimental-permission", "only as an experiment"),
        ("v22.12.0", "--experimental-permission", "only as an experiment"),
        ("v22.13.0", "--permission", None),
        ("v24.1.0", "--permission", None),
    ],
)
def test_what_a_node_lacks(
    tmp_path: Path, version: str, flag: str | None, missing: str | None
) -> None:
    node = str(fake_node(tmp_path, f"echo {version}"))
    assert permissions(node)[:1] == ([flag] if flag else [])
    told = what_is_missing(node)
    assert (told is None) is (missing is None)
    assert missing is None or (missing in (told or "") and "22.13" in (told or ""))


def test_a_dead_process_is_an_error_once_and_then_replaced(runner: ActionRunner) -> None:
    async def scenario() -> None:
        forever = execute(runner, handler("await new Promise(() => {})"), version="waits")
        waiting = asyncio.create_task(forever)
        await asyncio.to_thread(until, lambda: bool(runner._process and runner._process._waiting))
        assert runner._process is not None
        runner._process._popen.kill()
        ended = await waiting
        assert ended.kind == "error"
        assert "status -9" in (ended.reason or "")
        assert (await execute(runner, handler(""), version="good")).kind == "success"

    asyncio.run(scenario())


def test_an_uncaught_error_ends_it_in_silence(
    runner: ActionRunner, capfd: pytest.CaptureFixture[str]
) -> None:
    code = handler(
        "setTimeout(() => { throw new Error(`leaked ${event.secrets.KEY}`) });"
        "await new Promise(() => {});"
    )
    ended = asyncio.run(execute(runner, code, KEY="hush"))
    assert ended.reason == "the Node process ended (status 70) during execution"
    assert asyncio.run(execute(runner, handler(""), version="good")).kind == "success"
    captured = capfd.readouterr()
    assert "hush" not in captured.out + captured.err


def test_a_reset_forgets_code_and_cache(runner: ActionRunner) -> None:
    code = handler("console.log(api.cache.get('k')?.value); api.cache.set('k', 'v')")
    seen = [asyncio.run(execute(runner, code)).console for _ in range(2)]
    runner.reset()
    seen.append(asyncio.run(execute(runner, code)).console)
    assert seen == [["undefined"], ["v"], ["undefined"]]


@impatient
def test_code_that_blocks_the_process_is_ended_at_the_limit(runner: ActionRunner) -> None:
    async def scenario() -> None:
        blocked = await execute(runner, handler("for (;;) {}"), version="blocks")
        assert blocked.kind == "error"
        assert "over the limit of 1 s" in (blocked.reason or "")
        assert (await execute(runner, handler(""), version="good")).kind == "success"

    asyncio.run(scenario())


@impatient
def test_a_loop_left_behind_costs_the_next_execution_its_limit(
    runner: ActionRunner,
) -> None:
    """Also where the request is too large for the pipe, so that writing it waits too."""
    left = handler("setImmediate(() => { for (;;) {} })")

    async def scenario() -> None:
        assert (await execute(runner, left, version="left")).kind == "success"
        large = await asyncio.wait_for(execute(runner, f"/*{'x' * 95_000}*/", version="large"), 20)
        assert "over the limit of 1 s" in (large.reason or "")
        assert (await execute(runner, handler(""), version="good")).kind == "success"

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
    with ThreadPoolExecutor(4) as threads:
        asked = threads.map(lambda _: asyncio.run(execute(runner, handler(""))), range(4))
        assert [outcome.kind for outcome in asked] == ["success"] * 4


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


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "node is not found on PATH"),
        ("echo v16.20.2", "is 16.20, which is too old"),
        ("echo what", "version"),
        ("exit 1", "version"),
    ],
)
def test_a_missing_or_unfit_node_names_the_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str | None, message: str
) -> None:
    if answer:
        fake_node(tmp_path, answer)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NodeUnusableError, match=message) as refused:
        asyncio.run(execute(ActionRunner(), handler("")))
    assert "Install Node.js 18 or newer" in str(refused.value)
