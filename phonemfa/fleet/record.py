"""The run file: what a fleet run is about, what is done, and what is left.

Owns writing it after every step so that a killed run loses nothing, and refusing to go on from one
whose code, config or backend is another by now. Refuses to decide what to do with what is left.

One JSON file a run, in a folder that only its owner can enter, beside the logs of its stacks:

    .phonemfa/fleet/<run>/run.json, <stack>.log
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from filelock import FileLock, Timeout

from phonemfa.fleet.members import Member
from phonemfa.fleet.outcome import Outcome, State

FOLDER: Final = Path(".phonemfa") / "fleet"
VERSION: Final = 1
RESUMABLE: Final = dt.timedelta(hours=24)
"""Older runs are begun anew: by then a tenant that was done may be another one."""

_PROGRAM: Final = ("Pulumi.yaml", "__main__.py", "components", "actions", "adopted", "policy")
_NO_PROGRAM: Final = {"__pycache__", "node_modules"}


class RunFileError(Exception):
    """There is no run to go on with, or none that may be; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a resumed run must do as the first one did."""

    refresh: bool = False
    policy_packs: tuple[str, ...] = ()
    env_dir: str = ""


@dataclass(kw_only=True)
class Run:
    """One run of many stacks.

    Attributes:
        command: preview, up or drift.
        shard: as it was asked for, empty for all.
        waves: names of stacks, in order.
        program: digest of the code; `files`: of each stack's file; `backend`: of the backend's URL.
        outcomes: by stack; what is missing was not begun.
    """

    id: str
    command: str
    began: str
    shard: str
    waves: list[list[str]]
    options: Options
    program: str
    backend: str
    files: dict[str, str]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    version: int = VERSION

    @property
    def stacks(self) -> list[str]:
        """Every stack, in order."""
        return [stack for wave in self.waves for stack in wave]

    @property
    def left(self) -> list[str]:
        """Stacks without an answer that stands."""
        return [one for one in self.stacks if not self.outcome(one).settled]

    def outcome(self, stack: str) -> Outcome:
        """What is known of a stack."""
        return self.outcomes.get(stack, Outcome(state=State.NOT_STARTED))

    @classmethod
    def new(
        cls,
        command: str,
        waves: Sequence[Sequence[Member]],
        project: Path,
        *,
        shard: str,
        options: Options,
    ) -> Self:
        """A run that nothing is done of."""
        now = dt.datetime.now(dt.UTC)
        members = [one for wave in waves for one in wave]
        return cls(
            id=f"{now:%Y%m%d-%H%M%S}-{command}-{secrets.token_hex(2)}",
            command=command,
            began=now.isoformat(timespec="seconds"),
            shard=shard,
            waves=[[one.stack for one in wave] for wave in waves],
            options=options,
            program=_program_digest(project),
            backend=_backend_digest(),
            files={one.stack: _file_digest(one.file) for one in members},
        )


class RunFolder:
    """Where the run of one project is kept while it goes on.

    Args:
        root: the folder of all runs.
        run: the run.

    Attributes:
        failure: why the file is behind what was done; empty when it is not.
    """

    def __init__(self, root: Path, run: Run) -> None:
        self.path = root / run.id
        self.run = run
        self.failure = ""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes off this run.

        Raises:
            RunFileError: another process works on it, or it cannot be kept here.
        """
        lock = FileLock(self.path / "lock", mode=0o600)
        try:
            _private(self.path.parent)
            _private(self.path)
            lock.acquire(timeout=0)
        except Timeout:
            raise RunFileError(
                f"Run {self.run.id} is still going on in another process. Wait for its end."
            ) from None
        except OSError as error:
            raise self._not_kept(error) from None
        try:
            yield
        finally:
            lock.release()

    def log(self, stack: str) -> Path:
        """The log of a stack."""
        return self.path / f"{stack}.log"

    def settle(self, stack: str, outcome: Outcome) -> None:
        """Keep an outcome; a killed writer leaves the file as it was.

        A disk that is full by now stops nobody: stacks that are being applied come first.
        """
        self.run.outcomes[stack] = outcome
        try:
            self.save()
            self.failure = ""
        except OSError as error:
            self.failure = str(error)

    def begin(self) -> None:
        """Write the run file before anything is done.

        Raises:
            RunFileError: it cannot be written.
        """
        try:
            self.save()
        except OSError as error:
            raise self._not_kept(error) from None

    def _not_kept(self, error: OSError) -> RunFileError:
        return RunFileError(
            f"The run cannot be kept in {self.path}: {error}. Without its file nothing could be "
            "resumed: --run-dir names another folder."
        )

    def save(self) -> None:
        """Write the run file.

        Raises:
            OSError: it cannot be written; the file that was there is as it was.
        """
        content = json.dumps(asdict(self.run), indent=1, ensure_ascii=False)
        descriptor, temporary = tempfile.mkstemp(dir=_private(self.path), prefix=".run")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
            Path(temporary).replace(self.path / "run.json")
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def latest(root: Path, command: str, wanted: str | None) -> Run:
    """The run to go on with: the one that is named, or the newest of this command.

    Raises:
        RunFileError: there is none, or its file cannot be used.
    """
    if wanted:
        return _load(root / wanted / "run.json", command)
    # A run's name begins with its time.
    files = sorted(root.glob(f"*-{command}-*/run.json"))
    if not files:
        raise RunFileError(f"There is no run of `fleet {command}` in {root} to go on with.")
    return _load(files[-1], command)


def refuse_stale(run: Run, members: Sequence[Member], project: Path) -> None:
    """Go on only with what would be done today as it was begun.

    Raises:
        RunFileError: naming everything that is another by now.
    """
    reasons = []
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(run.began)
    if age > RESUMABLE:
        hours = RESUMABLE // dt.timedelta(hours=1)
        reasons.append(f"it began at {run.began}, more than {hours} hours ago")
    if _program_digest(project) != run.program:
        reasons.append("the program has changed (code, Action, texts or policy rules)")
    if _backend_digest() != run.backend:
        reasons.append("PULUMI_BACKEND_URL is another")
    changed = [one.file.name for one in members if _file_digest(one.file) != run.files[one.stack]]
    if changed:
        reasons.append(f"changed since: {', '.join(changed)}")
    if reasons:
        raise RunFileError(
            f"Run {run.id} cannot be gone on with: {'; '.join(reasons)}. What was done is not what "
            "would be done now. Begin a new run: stacks without a change cost a preview each."
        )


def _load(path: Path, command: str) -> Run:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.get("version") != VERSION:
            raise RunFileError(
                f"{path} is of version {content.get('version')}, this phonemfa reads {VERSION}. "
                "Begin a new run."
            )
        run = _run_of(content)
    except FileNotFoundError:
        raise RunFileError(f"There is no run {path.parent.name} in {path.parent.parent}.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RunFileError(
            f"{path} cannot be read ({type(error).__name__}: {error}). Begin a new run."
        ) from None
    if run.command != command:
        raise RunFileError(f"Run {run.id} is one of `fleet {run.command}`, not of {command}.")
    return run


def _run_of(content: Mapping[str, Any]) -> Run:
    options = content["options"]
    run = Run(
        **{
            **content,
            "options": Options(**{**options, "policy_packs": tuple(options["policy_packs"])}),
            "outcomes": {
                stack: Outcome(
                    **{**one, "state": State(one["state"]), "findings": tuple(one["findings"])}
                )
                for stack, one in content["outcomes"].items()
            },
        }
    )
    known = set(run.stacks)
    if known != set(run.files) or not set(run.outcomes) <= known:
        raise ValueError("its parts do not fit")
    # What ran when the run was killed has no answer.
    for stack, one in run.outcomes.items():
        if one.state in {State.RUNNING, State.HELD, State.QUEUED}:
            why = "the run was killed while it was at this stack"
            run.outcomes[stack] = replace(one, state=State.CANCELLED, why=why)
    return run


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def _program_digest(project: Path) -> str:
    digest = hashlib.sha256()
    for name in _PROGRAM:
        top = project / name
        # A folder may be a link; rglob does not follow it unless it is resolved.
        files = sorted(top.resolve().rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.is_file() and not _NO_PROGRAM & set(file.parts) and file.suffix != ".md":
                where = f"{name}/{file.relative_to(top.resolve())}" if top.is_dir() else name
                digest.update(f"{where}\0{_file_digest(file)}\0".encode())
    return digest.hexdigest()


def _file_digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _backend_digest() -> str:
    # A URL may hold a password.
    return hashlib.sha256(os.environ.get("PULUMI_BACKEND_URL", "").encode()).hexdigest()
