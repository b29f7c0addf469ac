"""The lock of a stack: who holds it, and whether that can still be.

The engine tells of one when it refuses a run. Without a run only a folder and Pulumi Cloud can be
asked: no command of the CLI looks at another backend's locks without taking one (preview and
refresh --preview-only neither take nor look), and a run of somebody else's that begins meanwhile
would be refused. Source of wording and places: Pulumi's pkg/backend/diy, 3.259.
"""

import json
import os
import re
import shlex
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from phonemfa.pulumi.engine import EngineFailedError, PulumiCli

_HOLDER: Final = re.compile(r": created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)")

_CUT_OFF: Final = re.compile(r"error: (unexpected end of JSON input|invalid character .*)")
"""What the engine says of a lock of which only a part was written."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Who made a lock, and when (RFC 3339, the maker's clock); host and pid where known."""

    user: str
    since: str
    host: str = ""
    pid: int = 0

    @property
    def holder(self) -> str:
        if not self.user:
            return "a run that was killed while it wrote its lock, which is cut off"
        if not self.host:
            return f"{self.user}, since {self.since}"
        return f"{self.user}@{self.host} (pid {self.pid}), since {self.since}"

    @property
    def looks_dead(self) -> bool:
        """Whether this is the host and no process here has that number.

        A hint, not a proof: two containers may share a host name and not their processes.
        """
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except PermissionError:
            pass
        return False


def locks_in(text: str) -> list[Lock]:
    """The locks that a refusal of the engine names; none when it was refused for another reason."""
    if _CUT_OFF.search(text) and "checkpoint" not in text:
        return [Lock(user="", since="")]
    if "the stack is currently locked" not in text:
        return []
    return [
        Lock(user=user, host=host, pid=int(pid), since=since)
        for user, host, pid, since in _HOLDER.findall(text)
    ]


def locks_of(cli: PulumiCli, backend: str, *, project: str, stack: str) -> list[Lock] | None:
    """The locks of a stack, looked at without taking one; None where that cannot be done.

    Where Pulumi Cloud does not answer, that is an `EngineFailedError`.
    """
    match urlsplit(backend).scheme:
        case "file":
            folder = cli.project / Path(backend.partition("://")[2].partition("?")[0]).expanduser()
            return [_kept(one) for one in sorted((folder / _place(project, stack)).glob("*.json"))]
        case "https":
            match cli.json_of("stack", "--output", "json")[1]:
                case {"currentOperation": {"author": author, "kind": kind, "started": since}}:
                    return [Lock(user=f"{author} ({kind})", since=str(since))]
                case {**told} if not told.get("currentOperation"):
                    return []
            raise EngineFailedError("the engine tells it in another form")
    return None


def how_to_look(backend: str, *, project: str, stack: str) -> str:
    """A command that lists a stack's locks on a backend that `locks_of` cannot ask."""
    address = urlsplit(backend)
    asked = {key: values[0] for key, values in parse_qs(address.query).items()}
    below = f"{address.path.strip('/')}/{_place(project, stack)}/".lstrip("/")
    match address.scheme:
        case "s3":
            command = ["aws", "s3", "ls", f"s3://{address.netloc}/{below}"]
            command += [f"--region={asked['region']}"] if "region" in asked else []
        case "gs":
            command = ["gcloud", "storage", "ls", f"gs://{address.netloc}/{below}"]
        case "azblob":
            command = ["az", "storage", "blob", "list", "--output=table"]
            command += [f"--container-name={address.netloc}", f"--prefix={below}"]
            account = asked.get("storage_account")  # else its variable says it, to az too
            command += [f"--account-name={account}"] if account else []
        case "postgres":
            table = asked.get("table", "pulumi_state")
            listed = f"SELECT key FROM {table} WHERE key LIKE '{below}%'"  # noqa: S608 - is shown
            command = ["psql", "-c", listed]
        case _:
            return f"look for files in {below} of {address.scheme}://{address.hostname or ''}"
    return shlex.join(command)


def _place(project: str, stack: str) -> Path:
    return Path(".pulumi", "locks", "organization", project, stack)


def _kept(file: Path) -> Lock:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return Lock(
            user=str(told["username"]),
            host=str(told["hostname"]),
            pid=int(told["pid"]),
            since=str(told["timestamp"]),
        )
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Lock(user="", since="")
