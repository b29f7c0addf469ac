"""How settings are read: camelCase keys, nothing unknown, nothing changed afterwards.

Owns the base of every settings model. Refuses settings of its own.
"""

from __future__ import annotations

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
