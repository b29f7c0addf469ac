"""`phonemfa adopt`: a tenant that was configured by hand becomes a stack.

What it would change in the project's files is shown before; nothing is written that the program
would not accept.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import typer

from components.config_files import Config, StackFileError, config_in, in_namespace, read_config
from components.settings.faults import shown
from components.settings.model import StackSettings, fields_by_key
from components.settings.raw_config import API_KEY, NAMESPACE
from components.tenant.access import Access
from components.tenant.client import ask
from components.tenant.tenants_file import read_tenants_file
from phonemfa import options
from phonemfa.adopt.plan import FOLDER, Fate, Plan, plan_of, read_found
from phonemfa.adopt.stack_text import with_values
from phonemfa.answered import answered
from phonemfa.audit import Record
from phonemfa.files import write_private, write_whole
from phonemfa.output.document import Document, Entries, Entry, Mark, Paragraph, Strong, Verbatim
from phonemfa.output.json_text import print_json
from phonemfa.output.terminal import show, working
from phonemfa.pulumi.stack_file import name_of, refuse_turned

_NEXT: Final = (
    "The import warns that a phone provider's credentials fail to validate: no API answers them. "
    "The preview may update the component phone-mfa, which records the settings in the state, and "
    "nothing else: the tenant stays as it is. Taking over is a later change: docs/guides/adopt.md."
)
_MARKS: Final = {
    Fate.ADOPTED: Mark.GOOD,
    Fate.ABSENT: Mark.NOTE,
    Fate.LEFT: Mark.NOTE,
    Fate.UNREADABLE: Mark.UNKNOWN,
    Fate.WARNING: Mark.WARNING,
}


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """A value or file that somebody made and that would be another one."""

    what: str
    was: str
    becomes: str


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Files to write by their path, those of somebody else's code, and what they replace."""

    files: Mapping[Path, str]
    code: frozenset[Path]
    replacements: tuple[Replacement, ...]


@answered
def adopt(
    context: typer.Context,
    *,
    stack: options.Stack = None,
    config_file: options.ConfigFile = None,
    project: options.Project = Path(),
    audit_file: options.AuditFile = None,
    yes: options.Yes = False,
    as_json: options.AsJson = False,
) -> None:
    """Write config, import file and code for a tenant that was configured by hand.

    Reads the tenant; writes files of this project only, after asking. `pulumi import` with the
    printed arguments then brings the tenant into the stack, and `pulumi preview` finds nothing
    to change.

    Example: AUTH0_DOMAIN=… AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… python -m phonemfa adopt
    --stack prod
    """
    record = Record.of(context, "adopt", audit_file)
    config = read_config(project, name_of(project, stack), file=config_file)
    refuse_turned(config)
    access = Access.of(config=config.of("auth0"))
    read_tenants_file(config.folder).check(config.stack, domain=access.domain)
    with working(f"reading the tenant {access.domain}") as heard:
        found = ask(access, read_found, heard=heard)
    plan = plan_of(found, config.stack, access.domain)
    import_file = f"{FOLDER}/{config.stack}/import.json"
    changes = changes_of(plan, config, import_file)
    commands = [
        f"pulumi stack init {config.stack}",
        f"pulumi import --stack {config.stack} --file {import_file} --generate-code=false",
        f"pulumi preview --stack {config.stack}",
    ]
    if as_json:
        print_json(_as_object(plan, changes, config.folder, commands))
    else:
        _show(access.domain, plan, changes)
    record.agree(
        f"write {len(changes.files)} files in {config.folder.resolve().name}, which take over the "
        "tenant as it is; the tenant is not written to",
        stack=config.stack,
        access=access,
        yes=yes,
    )
    record.before = _hashes(changes)
    for path, content in changes.files.items():
        # Byte by byte: line endings in an Action's code are part of it.
        (write_private if path in changes.code else write_whole)(path, content)
    record.after = _hashes(changes)
    if not as_json:
        next_ones = Verbatim("\n".join(f"  {one}" for one in commands), "sh")
        show(Document("Written. Next:", (next_ones, Paragraph((_NEXT,)))))


def _hashes(changes: Changes) -> dict[str, str | None]:
    return {
        str(path): sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        for path in changes.files
    }


def _show(domain: str, plan: Plan, changes: Changes) -> None:
    entries = [
        Entry(
            mark=_MARKS[one.fate],
            line=(Strong(one.part), f", {one.fate}: {one.found}"),
            facts=(("becomes", (one.becomes,)),) if one.becomes else (),
        )
        for one in plan.rows
    ]
    for other in changes.replacements:
        line = f"replaced: {other.what} is {other.was} and would become {other.becomes}"
        entries.append(Entry(mark=Mark.WARNING, line=(line,)))
    show(Document(f"tenant {domain}", (Entries(tuple(entries)),)))


def _as_object(plan: Plan, changes: Changes, project: Path, commands: list[str]) -> dict[str, Any]:
    return {
        "rows": [asdict(one) for one in plan.rows],
        "files": sorted(
            str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
            for path in changes.files
        ),
        "replacements": [asdict(one) for one in changes.replacements],
        "next": commands,
    }


def stack_text(path: Path) -> str:
    """A stack's file, byte for byte; empty without one. A `StackFileError`: it is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8") if path.exists() else ""
    except UnicodeDecodeError:
        raise StackFileError(
            f"{path.name} is not UTF-8, and would not stay as it is: save it as UTF-8 first."
        ) from None


def changes_of(plan: Plan, config: Config, import_file: str) -> Changes:
    """Everything that would be written, checked by the rules that the program has for it.

    Raises:
        SettingsError: naming every fault of the config that would be.
        StackFileError: the stack's file is not one that values can be set in.
    """
    path, project = config.file, config.folder
    before = stack_text(path)
    there = config_in(path.name, before)
    wanted = {key: value for key, value in plan.suggestions.items() if key not in there}
    wanted |= {key: value for key, value in plan.facts.items() if there.get(key) != value}
    # As the settings are documented, what is not theirs first, the long block last.
    order = ["auth0:domain", *(f"{NAMESPACE}:{key}" for key in fields_by_key() if key != "adopted")]
    new = {key: wanted[key] for key in (*order, f"{NAMESPACE}:adopted") if key in wanted}
    text = with_values(path.name, before, new) if new else before
    values = in_namespace({**config.values, **config_in(path.name, text)}, NAMESPACE)
    values.pop(API_KEY, None)
    StackSettings.check(config.stack, values)
    imports = json.dumps({"resources": plan.imports}, indent=2) + "\n"
    code = {project / name: text for name, text in plan.files.items()}
    files = code | {path: text, project / import_file: imports}
    replaced = [
        Replacement(what=key, was=shown(there[key]), becomes=shown(value))
        for key, value in new.items()
        if key in there
    ]
    replaced += [
        Replacement(what=str(one.relative_to(project)), was="another file", becomes="as found")
        for one, content in files.items()
        if one != path and one.exists() and one.read_bytes() != content.encode("utf-8")
    ]
    return Changes(files=files, code=frozenset(code), replacements=tuple(replaced))
