"""What every settings model is made of: strict reading, and a reviewer's words beside each setting.

Keys are camelCase, an unknown one is a fault, and nothing changes afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """A settings model in which a misspelt key is a fault."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        validate_default=True,
    )


@dataclass(frozen=True)
class Words:
    """What a setting is called, and what changing it means for users or operators.

    A sentence may be made of the value, which is what the stack's file has. With `as_one`, the
    value is a block with members, and its sentences tell them together.
    """

    subject: str
    meaning: str | Callable[[Any], str] = ""
    value: Callable[[Any], str] | None = None
    as_one: bool = False

    def fit(self, value: Any) -> bool:
        """Whether a value is one that the sentences are made for: a preview may have any."""
        return not self.as_one or isinstance(value, Mapping)
