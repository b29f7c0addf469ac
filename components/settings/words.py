"""A setting in a reviewer's words, which stand beside it in the model.

A setting without words there is called by its key in the stack's file.
"""

from typing import Any, Final

from pydantic.alias_generators import to_snake

from components.settings.model import Words, fields_by_key
from components.settings.values import plainly

_WORDS: Final = {
    key: said
    for key, field in fields_by_key().items()
    for said in field.metadata
    if isinstance(said, Words)
}


def words(key: str) -> Words:
    """What a setting is called, by its key in the stack's file."""
    return _WORDS.get(key) or Words(subject=key)


def subject(key: str, *members: str) -> str:
    """What a setting, or a member of one, is called."""
    if not members:
        return words(key).subject
    named = ".".join(members)
    return f"{words(key).subject} {to_snake(named) if key == 'otherFactors' else named}"


def value_in_words(key: str, value: Any) -> str | None:
    """A setting's value on one line; None where it has none."""
    if value is None:
        return None
    said = words(key)
    return said.value(value) if said.value and said.fit(value) else plainly(value)


def meaning(key: str, value: Any) -> str:
    """What a setting's new value does; empty where the value says it."""
    said = words(key)
    if isinstance(said.meaning, str):
        return "" if value is None else said.meaning
    return said.meaning(value) if said.fit(value) else ""
