"""Phone numbers, times and texts in the one form that the phones are kept by."""

import re
from datetime import UTC, datetime


def e164(number: str) -> str:
    """`number` as plus and digits; the CPaaS takes it with or without the plus."""
    return "+" + re.sub(r"\D", "", number)


def parse_time(text: str) -> str:
    """An RFC 3339 time in the inbox's own form, which sorts as text.

    Raises ValueError: not RFC 3339, without an offset, or no year of four digits in UTC.
    """
    # A plus sign in a query string arrives as a space.
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset; write it as 2026-01-31T09:00:00Z")
    try:
        return timestamp(moment.astimezone(UTC))
    except OverflowError:
        raise ValueError(f"{text!r} is outside the years 1 to 9999 in UTC") from None


def storable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON may hold and no file or page can."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
