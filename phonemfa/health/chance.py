"""How probable a count is by chance: a level is passed only where chance is no explanation."""

import math
from typing import Final

CHANCE: Final = 1e-4
"""A run makes some hundred comparisons: below this, one in hundred runs would be wrong at most,
were every true rate at its level; they are far from it while all is well."""

_NEGLIGIBLE: Final = 1e-12


def is_below(found: int, of: int, rate: float) -> bool:
    """Whether so few are no chance, were each found with this probability."""
    return found < of * rate and _tail(found, of, rate, step=-1) < CHANCE


def is_above(found: int, of: int, rate: float) -> bool:
    """Whether so many are no chance, were each found with this probability."""
    return found > of * rate and _tail(found, of, rate, step=1) < CHANCE


def _tail(found: int, of: int, rate: float, *, step: int) -> float:
    """Probability of `found` and all beyond it, away from what is expected."""
    if not 0 < rate < 1:
        return 0.0
    log = (
        math.lgamma(of + 1)
        - math.lgamma(found + 1)
        - math.lgamma(of - found + 1)
        + found * math.log(rate)
        + (of - found) * math.log1p(-rate)
    )
    term = total = math.exp(log)
    odds = rate / (1 - rate)
    while 0 <= found + step <= of and term > total * _NEGLIGIBLE:
        term *= (of - found) / (found + 1) * odds if step > 0 else found / (of - found + 1) / odds
        found += step
        total += term
    return total
