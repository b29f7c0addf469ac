"""Which commit of the repository a version's code comes from.

Assembled code is taken apart again, and its parts are looked for in git. No code of earlier commits
is run: parts are compared as git stores them, so the search reads object ids alone.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from phonemfa.git import git

MOST_COMMITS: Final = 200
"""How far back is searched, in commits that touched the Action's parts."""

_SOURCES: Final = "actions/src"
_MARK: Final = re.compile(r"\n// ---- ([\w-]+)\.js ----\n\n")
"""How `components/action_code.py` heads a part."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit whose parts of the Action are those of a version."""

    id: str
    date: str
    subject: str

    @property
    def restore(self) -> str:
        """The command that brings its parts back into the working tree."""
        return f"git checkout {self.id[:12]} -- {_SOURCES}"


def commit_of(code: str, folder: Path) -> Commit | None:
    """The newest of the last `MOST_COMMITS` with every part of `code`.

    None when the code is not assembled from parts, no commit has them, or there is no git.
    """
    parts = parts_of(code)
    kind = git(folder, "rev-parse", "--show-object-format") if parts else None
    if not kind:
        return None
    wanted = {f"{_blob(text, kind.strip())}\t{_SOURCES}/{name}.js" for name, text in parts.items()}
    log = git(folder, "log", f"-{MOST_COMMITS}", "--format=%H%x09%cI%x09%s", "--", _SOURCES)
    for line in (log or "").splitlines():
        commit, date, subject = line.split("\t", 2)
        there = git(folder, "ls-tree", commit, f"{_SOURCES}/") or ""
        # A line is mode, kind and id of a file, and after a tab its path.
        if wanted <= {one.rpartition(" ")[2] for one in there.splitlines()}:
            return Commit(id=commit, date=date, subject=subject)
    return None


def parts_of(code: str) -> dict[str, str]:
    """Name to text of each part that the code was assembled from; empty for other code."""
    _, *found = _MARK.split(code)
    return dict(zip(found[::2], found[1::2], strict=True))


def _blob(text: str, kind: str) -> str:
    """The id that git gives to a file with this text."""
    data = text.encode("utf-8")
    return hashlib.new(kind, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
