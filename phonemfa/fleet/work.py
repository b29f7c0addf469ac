"""What is done at one stack: a preview, an `up`, or a look for drift, told as an outcome.

What was changed, how far it came and why it ended are read from the engine's events and errors.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from components.masking import redacted
from components.tenant.access import (
    FIELDS,
    SECRETS,
    VARIABLES,
    Access,
    TwoTenantsError,
    check_one_tenant,
)
from phonemfa.answered import NO_ANSWER
from phonemfa.drift.check import check
from phonemfa.drift.findings import drifted
from phonemfa.drift.look import look
from phonemfa.fleet.run import Outcome, State
from phonemfa.fleet.selection import Member
from phonemfa.pulumi.engine import NO_SUCH_STACK, EngineFailedError, PulumiCli, said_of
from phonemfa.pulumi.locks import locks_in
from phonemfa.pulumi.processes import Engines
from phonemfa.pulumi.stack_file import read_stack_file
from phonemfa.pulumi.state import name_in
from policy.levels import file_of

Tell = Callable[[str], None]

_DONE: Final = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
}
_NO_CHANGES: Final = frozenset({"same", "refresh"})
_NO_STEPS: Final = _NO_CHANGES | {"read"}
_GROUPING: Final = ("pulumi:pulumi:", "phonemfa:index:")
"""Stack and components: the engine counts them, and no tenant has them."""
_TAKEN: Final = ("the stack is currently locked", "Another update is currently in progress")
"""What backends say of a lock; the second is Pulumi Cloud, which names nobody."""
_LOCKED: Final = (
    "Run again when it has ended; `pulumi cancel` only when it is certain that nobody works on it"
)
_SECRETS: Final = (
    *(VARIABLES[one] for one in SECRETS),
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_ACCESS_TOKEN",
)
_STOPPED: Final = "stopped as asked; the state is whole, and the next run takes it from there"
_HURRIED: Final = (
    "ended at once, as asked twice: the next `up` says what was not recorded (pending operations)"
)
_MOST_LINES: Final = 6
"""Of a reason in a table; the log has them all."""


@dataclass
class Events:
    """What the engine said of one run.

    The first event has all of the config in it: nothing is shown of one that is not known here,
    nor of one that a killed engine has cut off.

    Attributes:
        log: is given everything that a person can read.
        writes: it is an `up`, and no preview of one.
        changes: how many resources of the tenant, by what was done or would be done to them.
        steps: how many were begun.
        violated: a mandatory rule of a policy pack was broken.
    """

    tell: Tell
    log: Tell
    writes: bool
    changes: Mapping[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    steps: int = 0
    violated: bool = False
    _grouping: Counter[str] = field(default_factory=Counter)

    def hear(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            if not line.startswith("{"):
                self.log(line)
            return
        match event:
            case {"resourcePreEvent": {"metadata": {"op": op, "urn": urn, "type": kind}}}:
                if op not in _NO_STEPS:
                    self.steps += 1
                    self._grouping[op] += kind.startswith(_GROUPING)
                    self.log(f"{op} {name_in(urn)}")
                    self.tell(f"{op} {name_in(urn)}")
            case {"diagnosticEvent": {"severity": severity, "message": _} as told}:
                if severity != "debug":
                    self.log(f"{severity}: {said_of(told)}")
                if severity == "error":
                    self.errors.append(said_of(told))
            case {"policyEvent": {"policyName": name, "enforcementLevel": level, **more}}:
                self.log(f"policy {name} ({level}): {more.get('message', '')}")
                if level == "mandatory":
                    self.violated = True
                    self.errors.append(f"policy {name}")
            case {"stdoutEvent": {"message": message}}:
                self.log(message)
            case {"summaryEvent": {"resourceChanges": found}}:
                ours = {op: number - self._grouping[op] for op, number in (found or {}).items()}
                self.changes = {
                    _DONE.get(op, op) if self.writes else f"to {op}": number
                    for op, number in ours.items()
                    if op not in _NO_CHANGES and number
                }


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every stack of a run has in common.

    `command` is preview, up or drift; one engine may take so many `seconds`.
    """

    project: Path
    command: str
    engines: Engines
    logs: Path
    seconds: float
    refresh: bool = False
    policy_packs: tuple[str, ...] = ()
    audit_file: Path | None = None


def work(site: Site, member: Member, tell: Tell) -> Outcome:
    """The run's command at one stack, to its end; several threads do it at once.

    Never raises for what is the stack's own fault. `tell` is given a word about every step.
    """
    if member.fault:
        return Outcome(state=State.UNANSWERED, why=member.fault)
    began = time.monotonic()
    try:
        check_one_tenant(member.auth0.get("domain"), member.environ.get("AUTH0_DOMAIN", ""))
    except TwoTenantsError as error:
        return Outcome(state=State.UNANSWERED, why=str(error))
    outcome = (_look if site.command == "drift" else _drive)(site, member, tell)
    if site.engines.stopping and not outcome.settled:
        why = _HURRIED if site.engines.hurried else _STOPPED
        outcome = replace(outcome, state=State.CANCELLED, why=why)
    seconds = round(time.monotonic() - began, 1)
    if seconds >= site.seconds and not outcome.settled:
        why = f"stopped after {seconds:.0f} s (--stack-timeout). {outcome.why}"
        outcome = replace(outcome, why=why)
    return replace(outcome, seconds=seconds)


def _drive(site: Site, member: Member, tell: Tell) -> Outcome:
    secrets = _secrets_of(member)
    # A broken rule over the whole stack would be found when other resources are written already.
    first = ["preview"] if site.command == "up" and site.policy_packs else []
    path = site.logs / f"{member.stack}.log"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)  # not what somebody else puts there
    with path.open("w", encoding="utf-8") as file:

        def log(line: str) -> None:
            file.write(f"{redacted(line, secrets)}\n")
            file.flush()

        for command in [*first, site.command]:
            outcome = _run(site, member, command, Events(tell, log, command == "up"), secrets)
            if not outcome.settled:
                break
    return replace(outcome, log=path.name)


def _run(
    site: Site, member: Member, command: str, heard: Events, secrets: Sequence[str]
) -> Outcome:
    heard.log(f"--- pulumi {command} of {member.stack}")
    try:
        _cli(site, member).watch(command, *_options(site, member, command), hear=heard.hear)
    except EngineFailedError as error:
        heard.log(error.said)
        begun = heard.violated or (heard.writes and heard.steps)
        locks = locks_in(error.said)
        if not begun and (locks or any(one in error.said for one in _TAKEN)):
            holder = ", ".join(one.holder for one in locks) or "another update"
            return Outcome(state=State.LOCKED, why=f"locked by {holder}. {_LOCKED}")
        if error.exit == NO_SUCH_STACK:
            why = f"the backend has no such stack: pulumi stack init {member.stack}"
            return Outcome(state=State.UNANSWERED, why=why)
        return Outcome(
            state=State.FAILED if begun else State.UNANSWERED,
            changes=heard.changes if command == site.command else {},
            why=_in_short("\n".join(dict.fromkeys(heard.errors)) or error.said, secrets),
        )
    return Outcome(state=State.DONE, changes=heard.changes)


def _options(site: Site, member: Member, command: str) -> Iterator[str]:
    if command == "up":
        yield from ("--yes", "--skip-preview", "--message", "phonemfa fleet up")
    if site.refresh:
        yield "--refresh"
    levels = file_of(member.stack, site.project) if site.policy_packs else None
    for pack in site.policy_packs:
        yield from ("--policy-pack", _in_a_list(pack))
        if levels:  # The stack's own levels of the rules, for each pack.
            yield from ("--policy-pack-config", _in_a_list(str(levels)))


def _cli(site: Site, member: Member) -> PulumiCli:
    cli = PulumiCli(site.project, member.stack, environ=member.environ, engines=site.engines)
    return cli.within(site.seconds)


def _look(site: Site, member: Member, tell: Tell) -> Outcome:
    secrets = _secrets_of(member)

    def working(what: str) -> nullcontext[None]:
        tell(what)
        return nullcontext()

    try:
        wanted = read_stack_file(site.project, member.stack)
        access = access_to(site, member)
        secrets += [getattr(access, FIELDS[key]) for key in SECRETS]
        found = check(look(replace(wanted, cli=_cli(site, member)), access, working))
    except NO_ANSWER as error:
        return Outcome(state=State.UNANSWERED, why=_in_short(str(error), secrets))
    drift = [one.id for one in drifted(found)]
    if not drift:
        return Outcome(state=State.DONE, nothing="no drift")
    why = f"python -m phonemfa drift --stack {member.stack} says what"
    return Outcome(state=State.DRIFTED, findings=drift, why=why)


def access_to(site: Site, member: Member) -> Access:
    """How the stack's provider reaches its tenant; secrets of its file through the engine.

    Raises:
        EngineFailedError: a secret of the file cannot be decrypted.
        TenantUnreadableError: naming what is missing.
    """
    config = dict(member.auth0)
    for key in SECRETS:
        if isinstance(config.get(key), Mapping):
            try:
                config[key] = _cli(site, member).value(f"auth0:{key}")
            except EngineFailedError as error:
                raise EngineFailedError(
                    f"auth0:{key} of {member.file.name} cannot be read: {redacted(error.said)}"
                ) from None
    return Access.of(config=config, environ=member.environ)


def _in_a_list(path: str) -> str:
    """A path as an option of the engine takes it that is a list, written as CSV."""
    doubled = path.replace('"', '""')
    return f'"{doubled}"' if set(path) & set(',"') else path


def _secrets_of(member: Member) -> list[str]:
    environ = member.environ
    return [environ[name] for name in _SECRETS if environ.get(name)]


def _in_short(text: str, secrets: Iterable[str]) -> str:
    lines = [line for line in redacted(text, secrets).splitlines() if line.strip()]
    return "\n".join(lines[:_MOST_LINES])
