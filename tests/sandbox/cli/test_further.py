"""Further tenants: a port that stays, a stack of its own, and the sandbox's keys and CA."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from sandbox.cli import further
from sandbox.cli.main import status
from sandbox.cli.workplace import Workplace
from sandbox.engine.ensure import Engine
from sandbox.server.running import RunningSandbox


@pytest.fixture
def here(
    running: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workplace]:
    asked: list[str] = []
    monkeypatch.setattr(Workplace, "environment", lambda *_: {})

    def asks(_engine: Engine, *words: str, **_where: object) -> None:
        asked.append(words[0])
        if len(asked) == 1:
            raise KeyboardInterrupt
        if words[0] == "config":
            file = tmp_path / "Pulumi.old.yaml"
            file.write_text(f"{file.read_text()}  {words[3]}: {{secure: v1}}\n")

    monkeypatch.setattr(Engine, "quietly", asks)
    monkeypatch.setattr(Workplace, "engine", Engine(Path("pulumi"), "3.259.0"))
    settings = {"phonemfa:policy": "always", "phonemfa:cpaasBaseHost": "cpaas.sandbox.test"}
    (tmp_path / "Pulumi.sandbox.yaml").write_text(yaml.safe_dump({"config": settings}), "utf-8")
    workplace = Workplace(project_dir=tmp_path, state_dir=running.state_dir)
    workplace.wanted_generation = "legacy"
    yield workplace
    further.stop_tenants(workplace)
    # Killed, and then drawn up once: a stack, and its key over standard input.
    assert asked == ["stack", "stack", "config"]


def test_a_further_tenant_is_drawn_up_once_keeps_its_port_and_takes_the_sandboxs_keys_and_ca(
    here: Workplace, running: RunningSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        further.start_tenant(here, "old")
    salted = here.project_dir / "Pulumi.old.yaml"
    drawn = salted.read_text("utf-8").replace("policy: always", "policy: never")
    salted.write_text(f"encryptionsalt: v1:salt\n{drawn}", "utf-8")
    file = further.start_tenant(here, "old")
    assert yaml.safe_load(file.read_text("utf-8"))["encryptionsalt"] == "v1:salt"
    config = yaml.safe_load(file.read_text("utf-8"))["config"]
    assert config["phonemfa:experience"] == "legacy"
    assert config["phonemfa:policy"] == "never", "what somebody set meanwhile stays"
    assert config["phonemfa:cpaasBaseHost"] == "cpaas.sandbox.test", "as the sandbox's own stack"
    assert set(config) >= {"auth0:domain", "phonemfa:testNumbers"}

    status(state_dir=here.state_dir)
    assert f"{config['auth0:domain']}, the further tenant old\n" in capsys.readouterr().out
    assert further.stop_tenants(here) == ["old"]
    assert list(further.running_tenants(here)) == []
    further.start_tenant(here, "old")
    ((folder, record),) = further.running_tenants(here)
    assert f"localhost:{record.tenant_port}" == config["auth0:domain"]
    assert (folder / "ca.pem").read_bytes() == running.ca_file.read_bytes()

    keys = [running.credentials.cpaas_api_key, further.new_key(here), "another"]
    trust = ssl.create_default_context(cafile=str(running.ca_file))
    with httpx.Client(verify=trust, trust_env=False) as http:
        for url in (record.cpaas_url, running.cpaas_url):
            answers = [
                http.post(f"{url}/sms/3/messages", json={}, headers={"authorization": f"App {key}"})
                for key in keys
            ]
            assert [one.status_code for one in answers] == [400, 400, 401]
