"""The one kind of failure that the sandbox's tools show to a person: what went wrong, and a fix."""


class SandboxError(Exception):
    """Something a person has to act on.

    Args:
        problem: what went wrong, in one or more complete sentences; no secret values.
        fix: what to do next, as commands or settings that can be copied.
    """

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}\n{fix}")
        self.problem = problem
        self.fix = fix


class ServerError(SandboxError):
    """The sandbox server cannot start, stop or be reached."""
