"""A job signs in with its own token, which no argument list and no output shows; and issues."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

TOKEN = "canary-job-token"
ASKED_WITH = "canary-request-token"
PULUMI = """#!/usr/bin/env bash
printf 'pulumi %s\\n' "$*" >>"$RECORD"
for one in "$@"; do case $one in file://*) cat "${one#file://}" >>"$RECORD.token" ;; esac; done
"""


@dataclass
class Issuer:
    """Where GitHub gives a job its token."""

    address: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    told = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            told.asked.append((audience, self.headers["Authorization"]))
            body = json.dumps({"value": f"{TOKEN}-{audience}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/token?api-version=2"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


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
    ended = subprocess.run(
        ["bash", "-e", "-x", "-c", f"source ci/environment.sh; {script}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "RECORD": str(record), "TMPDIR": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    token = record.with_suffix(".token")
    called = record.read_text() if record.exists() else ""
    return ended.stdout + ended.stderr, called, token.read_text() if token.exists() else ""


def at_github(issuer: Issuer) -> dict[str, str]:
    return {
        "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.address,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ASKED_WITH,
    }


def test_aws_gets_the_token_as_a_file_of_ones_own(
    repository: Path, tmp_path: Path, issuer: Issuer
) -> None:
    said, called, _ = signed_in(
        repository, tmp_path, AWS_ROLE_ARN="arn:aws:iam::1:role/x", **at_github(issuer)
    )
    assert issuer.asked == [("sts.amazonaws.com", f"bearer {ASKED_WITH}")]
    (file,) = tmp_path.glob("tmp.*/aws")
    assert file.read_text() == f"{TOKEN}-sts.amazonaws.com"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"AWS_WEB_IDENTITY_TOKEN_FILE={file}" in said
    assert "AWS_ROLE_SESSION_NAME=phonemfa" in said
    assert TOKEN not in said
    assert called == ""


def test_pulumi_cloud_gets_it_by_a_file_too(
    repository: Path, tmp_path: Path, issuer: Issuer
) -> None:
    said, called, token = signed_in(
        repository, tmp_path, PULUMI_OIDC_ORGANIZATION="mirai", **at_github(issuer)
    )
    assert issuer.asked == [("urn:pulumi:org:mirai", f"bearer {ASKED_WITH}")]
    assert called.startswith("pulumi login --oidc-token file://")
    assert called.endswith(" --oidc-org mirai\n")
    assert token == f"{TOKEN}-urn:pulumi:org:mirai"
    assert TOKEN not in said + called


def test_gitlab_has_written_the_tokens_already(repository: Path, tmp_path: Path) -> None:
    _, called, token = signed_in(
        repository,
        tmp_path,
        AWS_ROLE_ARN="arn:aws:iam::1:role/x",
        PULUMI_OIDC_ORGANIZATION="mirai",
        AWS_ID_TOKEN="canary-aws",
        PULUMI_ID_TOKEN="canary-pulumi",
    )
    (file,) = tmp_path.glob("tmp.*/aws")
    assert (file.read_text(), token) == ("canary-aws", "canary-pulumi")
    assert "canary" not in called


def test_without_either_nothing_is_asked(repository: Path, tmp_path: Path) -> None:
    said, called, _ = signed_in(repository, tmp_path)
    assert called == ""
    assert "AWS_WEB_IDENTITY_TOKEN_FILE=" not in said


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
