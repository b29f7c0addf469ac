"""A text gives the code in every branch, or is told where it does not."""

from __future__ import annotations

import json
import subprocess
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.action_code import assemble
from components.settings.code_in_text import shows, where_missing
from components.settings.model import StackSettings
from components.vocabulary import MessageType
from phonemfa.report.messages import render
from policy.model import Context
from policy.rules import RULES
from sandbox.runner.runner import find_node
from tests.components.test_settings import GOOD, faults_in
from tests.policy.resources import template as declared

(CODE_IN_TEXTS,) = [rule for rule in RULES if rule.name == "code-in-texts"]
CODED: Final = [kind for kind in MessageType if kind.carries_code]


@pytest.mark.parametrize(
    ("template", "where"),
    [
        ("{% if locale == 'ja' %}{{ code }}{% else %}Hello{% endif %}", "without locale"),
        ("{% if locale == 'ja' %}ようこそ{% else %}{{ code }}{% endif %}", "ever"),
        ("{% if user.name %}{{ user.name }} {{ code }}{% endif %}", "without user.name"),
        ("{% unless user.name %}{{ code }}{% endunless %}", "ever"),
        ("{% if organization.name %}Hi{% else %}{{ code }}{% endif %}", "ever"),
        ("{% case locale %}{% when 'fr' %}Salut{% else %}{{ code }}{% endcase %}", 'locale "fr"'),
        ("{% if locale contains 'fr' %}x{% else %}{{ code }}{% endif %}", 'locale "fr"'),
        ("{% if friendly_name.size > 20 %}x{% else %}{{ code }}{% endif %}", "friendly_name"),
        ("Your code is 123456", "ever"),
        ("Your code is 0918", "ever"),
        ("{% if locale == 'ja' %}{{ code }}{% else %}123456{% endif %}", "without locale"),
        ("{{ code | slice: 0, 6 }}", "ever"),
        ("{{ code | plus: 0 }}", "ever"),
        ("03{{ code }}", "ever"),
        ("{{ code }}{{ code }}", "ever"),
        ("{% for i in user.list %}{{ code }}{% endfor %}", "ever"),
        ("{% assign c = code %}{{ c }}", None),
        ("{{ code | split: '' | join: ', ' }}", None),
        ("{% if code %}{{ code }}{% endif %}", None),
        ("{% if locale == 'ja' %}あ{% elsif locale == 'en' %}a{% endif %}{{ code }}", None),
    ],
)
def test_a_branch_without_the_code_is_found_and_named(template: str, where: str | None) -> None:
    found = where_missing(template)
    if where is None:
        assert found is None
    else:
        assert found
        assert where in found


LEAVES = st.sampled_from([("{{ code }}", True), ("Hello", False), ("135790", False), ("", False)])
CONDITIONS = (
    "{{% if v{n} %}}{a}{{% else %}}{b}{{% endif %}}",
    "{{% unless v{n} == 'x{n}' %}}{a}{{% else %}}{b}{{% endunless %}}",
    "{{% if v{n} contains 'fr' %}}{a}{{% else %}}{b}{{% endif %}}",
    "{{% case v{n}.inner %}}{{% when 'k{n}' or 'm{n}' %}}{a}{{% else %}}{b}{{% endcase %}}",
    "{{% if v{n}.inner == blank or v{n}.other %}}{a}{{% else %}}{b}{{% endif %}}",
)
Tree = tuple[str, bool]


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """A text of independent branches, and whether each way through it gives the code."""
    number = iter(range(100))

    def part(depth: int) -> Tree:
        if depth == 0 or draw(st.booleans()):
            return draw(LEAVES)
        if draw(st.booleans()):
            left, right = part(depth - 1), part(depth - 1)
            return f"{left[0]} · {right[0]}", left[1] or right[1]
        taken, otherwise = part(depth - 1), part(depth - 1)
        condition = draw(st.sampled_from(CONDITIONS))
        text = condition.format(n=next(number), a=taken[0], b=otherwise[0])
        return text, taken[1] and otherwise[1]

    return part(3)


@settings(deadline=None, max_examples=150)
@given(trees())
def test_every_way_through_a_text_gives_the_code_or_one_that_does_not_is_found(tree: Tree) -> None:
    template, gives = tree
    assert (where_missing(template) is None) == gives, template


@settings(deadline=None, max_examples=40)
@given(trees(), st.sampled_from(CODED), st.sampled_from(["text", "voice"]))
def test_check_policy_and_report_agree(tree: Tree, kind: MessageType, channel: str) -> None:
    # Variables that Auth0 has, as the settings refuse any other.
    names = ("locale", "region", "home_url", "logo_url", "support_email", "connection", "tenant")
    template = tree[0]
    for number, name in enumerate(names):
        template = template.replace(f"v{number}.inner", name).replace(f"v{number}.other", name)
        template = template.replace(f"v{number} ", f"{name} ")
    texts = {kind.value: {channel: template or "x"}}
    gives = where_missing(template or "x") is None
    if gives:
        assert StackSettings.check("dev", GOOD | {"texts": texts})
    else:
        assert "does not output the code" in "".join(faults_in(GOOD | {"texts": texts}).values())
    both = {"text": "{{ code }}", "voice": "{{ code }}", channel: template or "x"}
    resource = declared(kind.value, text=both["text"], voice=both["voice"])
    assert (not list(CODE_IN_TEXTS.check(resource, Context(stack="t1")))) == gives
    shown = render(template or "x", kind=kind.value, channel="text")
    assert (shown.problem != "the code is not in it") == gives


PIECES = st.sampled_from(
    [
        *"0123456789０４７、。 .-ab",
        "ゼロ",
        "ヨン",
        "シ",
        "ナナ",
        "シチ",
        "キュウ",
        "ク",
        "four",
        "Zero",
        "oh",
        "よん",
        "ぜろ",
        "しち",
        "キュー",
        "〇",
        "四",
        "칠",
        "quatro",
    ]
)


@settings(deadline=None, max_examples=3)
@given(st.lists(st.lists(PIECES, max_size=12), min_size=300, max_size=300))
def test_the_action_finds_a_code_where_the_check_does(pieces: list[list[str]]) -> None:
    texts = ["".join(one) for one in pieces]
    texts += [f"{text}ヨン、0、7 9{text}" for text in texts[:100]]
    codes = ["4079", "1234", "0", "ab4"]
    code = assemble("custom-phone-provider") + "; return givesCode;"
    program = f"""
        const gives = new Function('exports', 'require', {json.dumps(code)})({{}}, require);
        const [texts, codes] = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        console.log(JSON.stringify(texts.map((text) => codes.map((code) => gives(text, code)))));
    """
    done = subprocess.run(
        [find_node(), "-e", program],
        input=json.dumps([texts, codes]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == [[shows(text, code) for code in codes] for text in texts]
