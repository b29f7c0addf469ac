"""What Auth0's phone templates understand of Liquid: tags, filters and variables.

Source: Auth0's page "Supported Liquid Syntax for Phone Templates" (validated 2026-04-07); for
legacy tenants "Customize SMS or Voice Messages" (seen 2026-11-29). `pause` is in Auth0's own
default voice texts (contract, management-api.md §5.2).
"""

from collections.abc import Iterator
from typing import Any, Final

TAGS: Final = frozenset(
    [
        *("if", "unless", "elsif", "else", "case", "when", "for", "cycle", "tablerow"),
        *("assign", "increment", "decrement", "include", "layout", "raw", "comment"),
    ]
)
FILTERS: Final = frozenset(
    [
        *("plus", "minus", "modulo", "times", "floor", "ceil", "round", "divided_by", "abs"),
        *("at_least", "at_most", "append", "prepend", "capitalize", "upcase", "downcase"),
        *("strip", "lstrip", "rstrip", "strip_newlines", "strip_html", "newline_to_br"),
        *("split", "join", "replace", "replace_first", "remove", "remove_first"),
        *("truncate", "truncatewords", "escape", "escape_once", "url_encode", "url_decode"),
        *("slice", "map", "sort", "sort_natural", "first", "last", "reverse", "size"),
        *("date", "default"),
    ]
)
VARIABLES: Final = frozenset(
    [
        *("tenant", "friendly_name", "support_email", "support_url", "logo_url", "home_url"),
        *("custom_domain", "region", "locale", "code", "pause", "connection", "user", "client"),
        *("application", "organization"),
    ]
)
LEGACY_VARIABLES: Final = frozenset(
    ["message_type", "code", "locale", "requestInfo", "tenant", "friendly_name", "pause"]
)
"""What a legacy tenant's texts have: `friendly_name` is written as its `tenant.friendly_name`."""


def syntax_problems(template: str, *, legacy: bool) -> Iterator[str]:
    """Everything in a text that Auth0 would not understand; nothing when it is fit.

    In legacy tenants `tenant` is an object, and not the raw name.
    """
    from liquid import Environment  # noqa: PLC0415 - a quarter of a second, for few texts
    from liquid.exceptions import LiquidError  # noqa: PLC0415

    try:
        used = Environment().from_string(template).analyze(include_partials=False)
    except LiquidError as error:
        yield f"it is not Liquid ({error})"
        return
    for kind, found, known in (
        ("tag", used.tags, TAGS),
        ("filter", used.filters, FILTERS),
        ("variable", used.globals, LEGACY_VARIABLES if legacy else VARIABLES),
    ):
        for name in sorted(set(found) - known):
            where = " in a legacy tenant" if legacy and name in VARIABLES else ""
            where = where or (" in a unified tenant" if name in LEGACY_VARIABLES else "")
            yield f"Auth0 does not know the {kind} {name}{where}"
    if not legacy and any(len(one.segments) > 1 for one in used.globals.get("tenant", ())):
        yield "in unified tenants `tenant` is the raw name: write {{ friendly_name }} instead"


def outputs(template: str) -> set[str]:
    """The variables whose values get into the text; one that only decides a branch does not."""
    from liquid import Environment  # noqa: PLC0415 - as above
    from liquid.builtin.expressions import Path  # noqa: PLC0415

    parsed = Environment().from_string(template)
    found = expressions(parsed, deciding=False)
    return {str(one.path[0]) for one in found if isinstance(one, Path)}


def expressions(template: Any, *, deciding: bool) -> Iterator[Any]:
    """Every expression in a text, at any depth; `deciding` also those that only decide a branch."""
    from liquid import RenderContext  # noqa: PLC0415 - as above
    from liquid.ast import BlockNode, ConditionalBlockNode, Node  # noqa: PLC0415
    from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode  # noqa: PLC0415
    from liquid.builtin.tags.if_tag import IfNode  # noqa: PLC0415
    from liquid.builtin.tags.unless_tag import UnlessNode  # noqa: PLC0415

    blocks = (BlockNode, ConditionalBlockNode, MultiExpressionBlockNode)
    branches = (IfNode, UnlessNode, CaseNode, *blocks)
    context = RenderContext(template)
    pending: list[Any] = list(template.nodes)
    while pending:
        one = pending.pop()
        if isinstance(one, Node):
            pending += one.children(context, include_partials=False)
            if deciding or not isinstance(one, branches):
                pending += one.expressions()
        else:
            yield one
            pending += one.children()
