"""One issue a subject, found again by a hidden marker; where it is kept is GitHub's or GitLab's."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Literal

import httpx

from phonemfa.output.terminal import say, working
from phonemfa.output.text import encodable

SILENT: Final = 30.0
"""Seconds that a host may be silent within a request."""
TOTAL: Final = 60.0
"""Seconds for one request, all of it."""
PER_PAGE: Final = 100


class HostError(Exception):
    """The host could not be asked, or refused; the text says why and what to do."""


@dataclass(frozen=True)
class Posted:
    """What became of a comment or an issue."""

    outcome: Literal["opened", "updated", "unchanged", "closed"]
    url: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue as its host keeps it."""

    number: int
    url: str
    title: str
    text: str
    labels: frozenset[str]


class Issues(ABC):
    """The issues of one repository. GitHub and GitLab have one API in other words.

    Whatever asks raises `HostError` where it is refused, or the host is not reachable.
    """

    name: str
    address: str  # The variable that says where it is; `domain` is its host.
    domain: str
    needed: tuple[str, ...]  # Variables that have to be set; `where` they come from.
    where: str
    largest: int  # Characters that it takes in one text.
    may_label: str  # What a token needs to set labels.
    hints: Mapping[int, str]  # What to do about a refusal, by its status.
    keys: tuple[str, str, str]  # Of an issue's number, address and text.
    open_ones: Mapping[str, str]  # Asks for those that are open, the oldest first.
    changed_by: str  # The method that changes an issue.
    remarks: str  # What an issue's comments are called.
    closing: Mapping[str, str]  # The change that closes one.

    def __init__(self, environ: Mapping[str, str], *, public: str = "") -> None:
        """Where a run has its host; a `HostError` names what is missing, or is no address."""
        if missing := [name for name in self.needed if not environ.get(name)]:
            raise HostError(f"Not set: {', '.join(missing)}. {self.where}")
        self.url = (environ.get(self.address) or public).rstrip("/")
        try:
            found = httpx.URL(self.url)
            self.domain = found.host if found.scheme in {"http", "https"} else ""
        except (httpx.InvalidURL, UnicodeError):  # the second: of a name in Punycode
            self.domain = ""
        if not self.domain:
            # What it is instead is not shown: a password may stand in it.
            raise HostError(
                f"{self.address} is no address of an API: it has to begin with https:// and the "
                "name of a host."
            )

    def upsert_issue(self, marker: str, *, label: str, title: str, body: str) -> Posted:
        """Open the one issue that `marker` names, or bring the open one up to date.

        Issues are looked for under the label, which the host makes when it does not exist.
        """
        title, text = encodable(title), self.marked(marker, body)
        for issue in self._about(marker, label):
            if issue.title == title and is_same(issue.text, text):
                return Posted("unchanged", issue.url)
            self._change(issue, self._content(title, text))
            return Posted("updated", issue.url)
        content = self._content(title, text) | {"labels": self.labels(label)}
        made = self.issue(self.ask("POST", "/issues", content))
        if label not in made.labels:
            # Without its label the issue is never found again, and each run would open another.
            raise HostError(
                f"{made.url} was opened without the label {label!r}: the token may not set "
                f"labels. {self.may_label} Set the label by hand once."
            )
        return Posted("opened", made.url)

    def close_issue(self, marker: str, *, label: str, comment: str) -> list[Posted]:
        """Close every open issue that `marker` names, each with a last comment."""
        about = list(self._about(marker, label))
        for issue in about:
            self.ask("POST", f"/issues/{issue.number}/{self.remarks}", {"body": comment})
            self._change(issue, self.closing)
        return [Posted("closed", issue.url) for issue in about]

    def _about(self, marker: str, label: str) -> Iterator[Issue]:
        for found in self.pages("/issues", {"labels": label, **self.open_ones}):
            if "pull_request" in found:  # GitHub lists pull requests as issues too.
                continue
            issue = self.issue(found)
            if hidden(marker) in issue.text:
                yield issue

    def _content(self, title: str, text: str) -> dict[str, Any]:
        return {"title": title, self.keys[2]: text}

    def _change(self, issue: Issue, content: Mapping[str, Any]) -> None:
        self.issue(self.ask(self.changed_by, f"/issues/{issue.number}", content))

    def labels(self, label: str) -> Any:
        """What a new issue's labels are given as."""
        return label

    def marked(self, marker: str, body: str) -> str:
        """A text that `hidden` finds again; a `HostError` where it is over `largest`."""
        text = encodable(f"{hidden(marker)}\n{body}")
        if len(text) > self.largest:
            raise HostError(
                f"The text has {len(text)} characters, and {self.largest} are taken: shorten it."
            )
        return text

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Any]:
        """Every entry of a list.

        Counted, not followed by the address in an answer: the token goes to no host that one names.
        """
        for page in count(1):
            found = self.ask("GET", path, {**query, "per_page": PER_PAGE, "page": page})
            if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
                raise self._another()
            yield from found
            if len(found) < PER_PAGE:
                return

    def issue(self, found: Any) -> Issue:
        """An issue in an answer."""
        number, url, text = self.keys
        with self.reading():
            labels = [one["name"] if isinstance(one, dict) else one for one in found["labels"]]
            return Issue(
                number=int(found[number]),
                url=str(found[url]),
                title=str(found["title"]),
                text=str(found[text] or ""),
                labels=frozenset(map(str, labels)),
            )

    def ask(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        """One request below the repository, with a query or with JSON; what it was answered.

        A redirect is a refusal: it is not followed, so nothing was done.
        """
        sent = {
            key: encodable(one) if isinstance(one, str) else one for key, one in content.items()
        }
        answer = self.send(method, path, **{"params" if method == "GET" else "json": sent})
        if not answer.is_success:
            raise self.refused(answer)
        with self.reading():
            return answer.json()

    @abstractmethod
    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """A request and its answer, whatever the status; a `HostError` where there is none."""

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say of an answer that it is none of this host's."""
        try:
            yield
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            raise self._another() from None

    def _another(self) -> HostError:
        return HostError(
            f"{self.domain} answered otherwise than {self.name}'s REST API does: check "
            f"{self.address}."
        )

    def unreachable(self, error: Exception) -> HostError:
        """That there was no answer."""
        return HostError(f"No answer from {self.domain} ({type(error).__name__}: {error}).")

    def refused(self, answer: httpx.Response) -> HostError:
        """What a refusal says, and what to do."""
        try:
            told = answer.json()
            said = str(told.get("message") or told.get("error_description") or "")
        except (AttributeError, RecursionError, ValueError):
            said = ""
        what = f"{answer.request.method} {answer.request.url.path}"
        hint = self.hints.get(answer.status_code, "")
        return HostError(
            f"{self.name} refused {what}: {answer.status_code} {said}. {hint}".rstrip()
        )


def hidden(marker: str) -> str:
    """What stands for a marker in Markdown, and is not shown."""
    return encodable(f"<!-- phonemfa:{marker} -->")


def is_same(there: str, ours: str) -> bool:
    """Whether a host has our text already; it may answer with the line breaks of a web form."""
    return there.replace("\r\n", "\n").strip() == ours.strip()


def issues_of_this_run() -> Issues:
    """The issues of this run's repository; a `HostError` names every variable that is missing."""
    # Each a part of a second to load, for those alone who post.
    if os.environ.get("GITLAB_CI"):
        from phonemfa.output.gitlab import GitLab  # noqa: PLC0415

        return GitLab()
    from phonemfa.output.github import GitHub  # noqa: PLC0415

    return GitHub()


def post_issues(keep: Callable[[Issues], list[Posted]]) -> None:
    """Do to issues what `keep` does, and say what became of each; a `HostError` where it fails."""
    with working("issue"):
        posted = keep(issues_of_this_run())
    for one in posted:
        say(f"issue {one.outcome}: {one.url}")
