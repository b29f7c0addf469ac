"""Real servers that a team can keep its state on, each on loopback and only for the tests.

An S3 server (moto) and a PostgreSQL server: the machine's program, in a folder of its own, and
never one that the system runs.
"""

from __future__ import annotations

import base64
import itertools
import json
import logging
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract import PROJECT
from tests.end_to_end.pulumi_cli import Store
from tests.free_ports import free_ports
from tests.sandbox.engine.test_ensure import until

REGION: Final = "ap-northeast-1"
PASSWORD: Final = "canary-database-password"
_USER: Final = "pulumi"


@dataclass(frozen=True, kw_only=True)
class Bucket(Store):
    """A bucket of the S3 server."""

    name: str
    s3: Any

    def content(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])
        found = {}
        for one in listed:
            try:
                answer = self.s3.get_object(Bucket=self.name, Key=one["Key"])
            except self.s3.exceptions.NoSuchKey:
                continue  # given back while we looked
            found[one["Key"]] = answer["Body"].read()
        return found

    def replace(self, content: Mapping[str, bytes]) -> None:
        for key in set(self.content()) - set(content):
            self.s3.delete_object(Bucket=self.name, Key=key)
        for key, body in content.items():
            self.s3.put_object(Bucket=self.name, Key=key, Body=body)


@dataclass(frozen=True, kw_only=True)
class Database(Store):
    """A database of the PostgreSQL server, with the one table that Pulumi makes.

    Pulumi puts the database's name in front of every key, as if it were a folder.
    """

    name: str
    server: PostgresServer

    def content(self) -> dict[str, bytes]:
        rows = self.server.sql(self.name, "SELECT key, data->>'data' FROM pulumi_state")
        pairs = (row.split("|", 1) for row in rows)
        return {key.removeprefix(f"{self.name}/"): base64.b64decode(data) for key, data in pairs}

    def replace(self, content: Mapping[str, bytes]) -> None:
        rows = [
            # Pulumi's own keys, and base64: nothing in them needs quoting.
            f"INSERT INTO pulumi_state VALUES ('{self.name}/{key}', '{_as_data(body)}');"  # noqa: S608
            for key, body in content.items()
        ]
        self.server.sql(self.name, "\n".join(["TRUNCATE pulumi_state;", *rows]))


def _as_data(body: bytes) -> str:
    return json.dumps({"data": base64.b64encode(body).decode()})


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A running S3 server; it has a KMS too."""

    url: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    variables: Mapping[str, str] = field(
        default_factory=lambda: {
            "AWS_ACCESS_KEY_ID": "canary-access-key",
            "AWS_SECRET_ACCESS_KEY": "canary-secret-access-key",
        }
    )

    def client(self, service: str) -> Any:
        import boto3  # noqa: PLC0415 - with moto a second, in each worker that collects

        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
        )

    def store(self) -> Bucket:
        """A new bucket."""
        name = f"state-{next(self._numbers)}"
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        url = f"s3://{name}?endpoint={self.url}&s3ForcePathStyle=true&region={REGION}"
        return Bucket(url=url, variables=self.variables, name=name, s3=s3)

    def key(self, alias: str) -> None:
        """A new key of the KMS, under that alias."""
        kms = self.client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{alias}", TargetKeyId=key)


@pytest.fixture(scope="session", name="s3")
def s3_server() -> Iterator[S3Server]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(url=f"http://{host}:{port}")
    server.stop()


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A running PostgreSQL server that asks for a password, also on loopback."""

    programs: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def store(self) -> Database:
        """A new database."""
        name = f"state_{next(self._numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return Database(
            # Without its password: the CLI shows the whole address when it cannot connect.
            url=f"postgres://{_USER}@127.0.0.1:{self.port}/{name}?sslmode=disable",
            variables={"PGPASSWORD": PASSWORD},
            name=name,
            server=self,
        )

    def sql(self, database: str, statements: str) -> list[str]:
        """The rows that the statements answer, columns divided by `|`."""
        ended = subprocess.run(
            [
                *(self.programs / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--set", "ON_ERROR_STOP=1", "--host", "127.0.0.1", "--port", str(self.port)),
                *("--username", _USER, "--dbname", database),
            ],
            input=statements,
            env={"PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return [row for row in ended.stdout.splitlines() if row]


@pytest.fixture(scope="session", name="postgres")
def postgres_server() -> Iterator[PostgresServer]:
    found = subprocess.run(
        [PROJECT / "tools" / "postgres"], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    programs = Path(found.stdout.strip())
    # Not below pytest's own folders: those are closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="phonemfa-postgres-"))
    identity = _identity(folder)
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        (folder / "password").chmod(0o644)
        data = folder / "data"
        subprocess.run(
            [
                *(programs / "initdb", "--pgdata", data, "--username", _USER, "--no-sync"),
                *("--auth", "scram-sha-256", "--pwfile", folder / "password"),
                *("--encoding", "UTF8", "--no-locale"),
            ],
            capture_output=True,
            check=True,
            **identity,
        )
        (port,) = free_ports(1)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "fsync": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = (folder / "log").open("w", encoding="utf-8")
        with (
            log,
            subprocess.Popen(
                [programs / "postgres", "-D", data, *options], stdout=log, stderr=log, **identity
            ) as server,
        ):
            ready = [
                *(str(programs / "pg_isready"), "--quiet"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ]
            until(lambda: subprocess.run(ready, check=False).returncode == 0)
            yield PostgresServer(programs=programs, port=port)
            server.terminate()
    finally:
        shutil.rmtree(folder)


def _identity(folder: Path) -> dict[str, Any]:
    """How to run a program in `folder` as somebody who is not root: PostgreSQL refuses that."""
    plain = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
    if os.geteuid() != 0:
        return plain
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return plain | {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
