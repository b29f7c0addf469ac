"""A job signs in with its own token, which no argument list and no output shows; and issues."""

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from tests.phonemfa.github_stand_in import serving
from tests.processes import run

TOKEN = "canary-job-token"
ASKED_WITH = "canary-request-token"
PULUMI = """#!/usr/bin/env bash
printf 'pulumi %s\\n' "$*" >>"$RECORD"
for one in "$@"; do case $one in file://*) cat "${one#file://}" >>"$RECORD.token" ;; esac; done
"""


@pytest.fixture
def github() -> Iterator[tuple[dict[str, str], list[tuple[str, str]]]]:
    """Where GitHub gives a job its token: the job's variables, and for what it was asked."""
    asked = []

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        (audience,) = parse_qs(environ["QUERY_STRING"])["audience"]
        asked.append((audience, environ["HTTP_AUTHORIZATION"]))
        start("200 OK", [])
        return [json.dumps({"value": f"{TOKEN}-{audience}"}).encode()]

    with serving(answer) as address:
        url = f"{address}/token?api-version=2"
        token = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": ASKED_WITH}
        yield {"ACTIONS_ID_TOKEN_REQUEST_URL": url, **token}, asked


def signed_in(
    repository: Path, folder: Path, script: str = "sign_in; env", **variables: str
) -> tuple[str, str, str]:
    """What the shell has and said afterwards, how `pulumi` was called, and which token it got."""
    (folder / "ci").mkdir()
    shutil.copyfile(repository / "ci" / "environment.sh", folder / "ci" / "environment.sh")
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True)
    for path, text in ((folder / "ci" / "setup", "#!/bin/sh\n"), (tools / "pulumi", PULUMI)):
        path.write_text(text, "utf-8")
        path.chmod(0o755)
    record = folder / "record"
    variables |= {"PATH": os.environ["PATH"], "RECORD": str(record), "TMPDIR": str(folder)}
    script = f"source ci/environment.sh; {script}"
    ended = run("bash", "-e", "-x", "-c", script, cwd=folder, env=variables)
    assert ended.returncode == 0, ended.stderr
    token = record.with_suffix(".token")
    called = record.read_text() if record.exists() else ""
    return ended.stdout + ended.stderr, called, token.read_text() if token.exists() else ""


AWS = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/x"}
CLOUD = {"PULUMI_OIDC_ORGANIZATION": "mirai"}
STS, CLOUDS = "sts.amazonaws.com", "urn:pulumi:org:mirai"
GITLAB = {"AWS_ID_TOKEN": "canary-aws", "PULUMI_ID_TOKEN": "canary-pulumi"}


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param(AWS, ([STS], f"{TOKEN}-{STS}", ""), id="AWS"),
        pytest.param(CLOUD, ([CLOUDS], "", f"{TOKEN}-{CLOUDS}"), id="Pulumi Cloud"),
        pytest.param(AWS | CLOUD | GITLAB, ([], "canary-aws", "canary-pulumi"), id="GitLab"),
        pytest.param({}, ([], "", ""), id="neither"),
    ],
)
def test_whoever_takes_the_jobs_token_gets_it_by_a_file_of_ones_own(
    repository: Path,
    tmp_path: Path,
    github: tuple[dict[str, str], list[tuple[str, str]]],
    variables: dict[str, str],
    told: tuple[list[str], str, str],
) -> None:
    (at_github, asked), (audiences, aws, cloud) = github, told
    said, called, token = signed_in(repository, tmp_path, **at_github, **variables)
    assert asked == [(one, f"bearer {ASKED_WITH}") for one in audiences]
    files = [*tmp_path.glob("tmp.*/aws")]
    assert [one.read_text() for one in files] == [aws] * bool(aws)
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} <= {0o600}
    assert (f"AWS_WEB_IDENTITY_TOKEN_FILE={files[0] if files else ''}" in said) is bool(aws)
    assert ("AWS_ROLE_SESSION_NAME=phonemfa" in said) is bool(aws)
    assert token == cloud
    login = r"pulumi login --oidc-token file://\S+/pulumi --oidc-org mirai\n" if cloud else ""
    assert re.fullmatch(login, called)
    assert TOKEN not in said + called
    assert "canary" not in called


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("GITHUB_TOKEN", "kept: --issue"),
        ("GITLAB_ISSUES_TOKEN", "kept: --issue"),
        ("CI_JOB_TOKEN", "GITLAB_ISSUES_TOKEN is not set"),
    ],
)
def test_an_issue_is_kept_where_a_token_may_write_one_and_else_the_log_says_what_to_set(
    repository: Path, tmp_path: Path, token: str, said: str
) -> None:
    script = 'set +x; with_issue; echo "kept: ${issue[*]}"'
    assert said in signed_in(repository, tmp_path, script, **{token: "canary"})[0]
