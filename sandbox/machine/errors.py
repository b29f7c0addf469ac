"""The one kind of failure that the sandbox's tools show to a person: what went wrong, and a fix.

`cli`, `engine`, `machine` and `server` raise it for whatever stands in their way.
"""


class SandboxError(Exception):
    """Something a person has to act on: whole sentences without secrets, and what to do next."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix


class ServerError(SandboxError):
    """The sandbox server cannot start, stop or be reached."""
