"""Many tenants in one process: each its own, and none dearer than the one before."""

import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.many import started
from sandbox.server.running import RunningSandbox

NAMES = [f"t{number:02}" for number in range(1, 9)]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningSandbox]]:
    with started(tmp_path_factory.mktemp("many"), NAMES) as running:
        yield running


def test_one_ca_is_good_for_all_and_each_answers_for_itself(
    tenants: dict[str, RunningSandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tenants["t01"].ca_file))
    found = {
        httpx.get(f"{one.tenant_url}/_sandbox/health", headers=one.control_headers).json()[
            "instance_id"
        ]
        for one in tenants.values()
    }
    assert found == {one.record.instance_id for one in tenants.values()}
    assert len(found) == len(NAMES)
    assert len({one.client_secret for one in tenants.values()}) == len(NAMES)
    assert len({one.credentials.cpaas_api_key for one in tenants.values()}) == len(NAMES)


def test_nobody_else_reads_a_tenants_key(tenants: dict[str, RunningSandbox]) -> None:
    for one in tenants.values():
        for name in ("ca-key.pem", "server.pem"):
            assert (one.state_dir / name).stat().st_mode & 0o077 == 0


def test_the_eighth_tenant_takes_what_the_first_one_took(tmp_path: Path) -> None:
    def taken() -> tuple[int, int, int]:
        # What earlier tests let go of, open sockets among it, is not counted or else missed later.
        gc.collect()
        children = Path(f"/proc/self/task/{threading.main_thread().native_id}/children")
        return (
            threading.active_count(),
            len(list(Path("/proc/self/fd").iterdir())),
            len(children.read_text(encoding="ascii").split()) if children.exists() else 0,
        )

    before = taken()
    with started(tmp_path / "few", NAMES[:2]):
        few = taken()
    with started(tmp_path / "more", NAMES):
        more = taken()
    steps = [
        [(after - start) / count for after, start in zip(now, before, strict=True)]
        for now, count in ((few, 2), (more, len(NAMES)))
    ]
    assert steps[1][0] == steps[0][0] == 2, "a thread for each of the two ports"
    assert steps[1][1] <= steps[0][1] + 1, "open files"
    assert steps[1][2] == 0, "no Node before an Action runs"
    assert threading.active_count() == before[0], "and it is given back"
