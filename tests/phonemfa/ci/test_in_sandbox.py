"""What is previewed in a sandbox is what was proposed, but for its tenant and its secrets."""

from pathlib import Path

import pytest

from components.config_files import StackFileError, read_config
from components.tenant.tenants_file import read_tenants_file
from phonemfa.ci.in_sandbox import move_into_sandbox, without_secrets

SANDBOX = "localhost:4443"
STACK = """secretsprovider: awskms://alias/x
encryptedkey: abc
config:
  auth0:domain: dev.jp.auth0.com
  auth0:clientId: theirs
  phonemfa:cpaasApiKey:
    secure: v1:x
  phonemfa:cpaasBaseHost: abc123.api.infobip.com
  phonemfa:smsSender: 0005212345
  phonemfa:texts: {otp_verify: {text: "「{{ code }}」"}}
"""
TENANTS = """[dev]
tenant = "dev.jp.auth0.com"
cpaasBaseHost = "abc123.api.infobip.com"
[prod]
tenant = "login.jp.auth0.com"
production = true
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK, "utf-8")
    (tmp_path / "tenants.toml").write_text(TENANTS)
    return tmp_path


def test_a_stack_gets_the_sandboxs_tenant_and_keeps_what_it_says(project: Path) -> None:
    before = read_config(project, "dev")
    file = project / "Pulumi.dev.yaml"
    file.write_text(without_secrets(file), "utf-8")
    with pytest.raises(StackFileError, match=r"gone\.yaml cannot be read: No such"):
        move_into_sandbox(project, "gone", SANDBOX)
    there = read_config(project, "dev")
    values = {key: one for key, one in before.values.items() if key != "phonemfa:cpaasApiKey"}
    assert (there.values, there.turned) == (values, before.turned)

    file.write_text(STACK, "utf-8")
    move_into_sandbox(project, "dev", SANDBOX)
    there = read_config(project, "dev")
    del values["auth0:clientId"]
    assert there.values == values | {"auth0:domain": SANDBOX}
    assert there.turned == before.turned != (), "numbers that somebody forgot to quote"
    written = file.read_text("utf-8").replace(":", " ").split()
    assert not {"secretsprovider", "encryptedkey", "secure"} & set(written)
    tenants = read_tenants_file(project)
    tenants.check("dev", domain=SANDBOX, cpaas_base_host="abc123.api.infobip.com")
    assert tenants.production == ["prod"]
    tenants.check("prod", domain="login.jp.auth0.com")


BOTH = ("dev.jp.auth0.com", "evil.example.com"), ("abc123.api.info", "evil.api.info")


@pytest.mark.parametrize(("before", "after"), BOTH)
def test_an_address_that_nobody_named_is_left_for_the_program_to_refuse(
    project: Path, before: str, after: str
) -> None:
    file = project / "Pulumi.dev.yaml"
    file.write_text(STACK.replace(before, after), "utf-8")
    move_into_sandbox(project, "dev", SANDBOX)
    values = read_config(project, "dev").values
    assert any(after in str(value) for value in values.values())
    assert SANDBOX not in values.values()
    assert (project / "tenants.toml").read_text() == TENANTS
    (project / "tenants.toml").unlink()
    move_into_sandbox(project, "dev", SANDBOX)
    assert read_config(project, "dev").values["auth0:domain"] == SANDBOX
    assert not (project / "tenants.toml").exists(), "where there is none, none is made"
