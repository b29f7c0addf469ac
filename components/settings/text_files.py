"""A stack's own texts as files, so that a reviewer sees a text and not a line of YAML.

`phonemfa:textFiles: texts` names a folder of the project. It has `<message type>.text.liquid` and
`<message type>.voice.liquid`, as the package's own texts in `actions/templates` do.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from components.settings.faults import Fault, shown
from components.settings.raw_config import NAMESPACE
from components.vocabulary import MessageType

KEY: Final = "textFiles"
_LARGEST: Final = 2**16
_NAMES: Final = {
    f"{kind}.{channel}.liquid": (kind.value, channel)
    for kind in MessageType
    for channel in ("text", "voice")
}


def with_text_files(values: Mapping[str, Any], project: Path) -> tuple[dict[str, Any], list[Fault]]:
    """A stack's values by key, with its text files in `texts`; and what is wrong with the files."""
    found = dict(values)
    named = found.get(KEY)
    if named is None:
        return found, []
    texts = found.get("texts", {})
    if not isinstance(named, str) or not isinstance(texts, Mapping):
        return found, []  # the settings' own rules say what is wrong with these
    try:
        folder = (project / named).resolve()
        if not folder.is_relative_to(project.resolve()):
            return found, [_fault(named, "It is outside of the project.", "name a folder in it")]
        files = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return found, [_fault(named, f"Its texts cannot be read: {why}.", "make the folder")]
    faults = []
    merged = {
        kind: dict(text) if isinstance(text, Mapping) else text for kind, text in texts.items()
    }
    for file in files:
        kind, channel = _NAMES.get(file.name, ("", ""))
        text, problem = _read(file)
        own = merged.setdefault(kind, {}) if kind else {}
        if file.name == "README.md" or not isinstance(own, dict):
            continue
        if not kind:
            what = "No message type has a text of this name: it would be silently ignored."
            name = "<message type>.text.liquid or .voice.liquid, such as otp_verify.text.liquid"
            faults.append(_fault(f"{named}/{file.name}", what, f"name it {name}"))
        elif problem:
            fix = "save the text as a UTF-8 file"
            faults.append(_fault(f"{named}/{file.name}", problem, fix))
        elif own.get(channel) is not None:
            what = f"The text is in {NAMESPACE}:texts.{kind}.{channel} too."
            faults.append(_fault(f"{named}/{file.name}", what, "keep one of the two"))
        else:
            own[channel] = text
    return found | {"texts": merged}, faults


def _read(file: Path) -> tuple[str, str]:
    # A link would let a change of a text read any file of the machine that previews it.
    if file.is_symlink() or not file.is_file():
        return "", "It is no plain file."
    try:
        if file.stat().st_size > _LARGEST:
            return "", "It is larger than 64 KiB."
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return "", f"It cannot be read: {why}."
    # Editors end a file with a line break; a message does not end with one.
    return text.removesuffix("\n").removesuffix("\r"), ""


def _fault(value: str, consequence: str, fix: str) -> Fault:
    return Fault(f"{NAMESPACE}:{KEY}", shown(value), consequence, fix)
