"""Which errors leave a command without an answer, and how that is told."""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from pulumi import RunError

from components.config_files import StackFileError
from components.tenant.client import TenantUnreadableError, WriteFailedError
from phonemfa.output.terminal import give_up
from phonemfa.pulumi.engine import EngineFailedError

P = ParamSpec("P")
T = TypeVar("T")


class RefusedError(Exception):
    """The command does not begin, or not with this; the text says what stands in the way."""


class NotDoneError(Exception):
    """What was asked for is not done: the text says why, and what is not as it was before."""


NO_ANSWER: Final = (
    EngineFailedError,
    RefusedError,
    RunError,  # a SettingsError, or an adopted Action's code that is not there
    StackFileError,
    TenantUnreadableError,
    WriteFailedError,
)


def answered(command: Callable[P, T]) -> Callable[P, T]:
    """The command, which says such an error in its own words and ends with `Exit.UNANSWERED`."""

    @wraps(command)
    def running(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except NO_ANSWER as error:
            give_up(str(error))

    return running
