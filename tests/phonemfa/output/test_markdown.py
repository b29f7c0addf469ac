"""Other people's text inside of Markdown is text, whatever is in it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from phonemfa.output.markdown import fence, prose, span
from tests.phonemfa.output.rendered import Rendered


@given(st.text())
def test_a_code_span_is_one_element_whatever_is_in_it(value: str) -> None:
    rendered = Rendered(f"x {span(value)} y")
    assert rendered.tags == {"p", "code"}
    assert rendered.prose.strip() == "x  y"


@given(st.text())
def test_a_fence_is_one_element_whatever_is_in_it(value: str) -> None:
    rendered = Rendered(f"<details>\n\n{fence(value)}\n\n</details>\n\nend")
    assert rendered.tags == {"details", "pre", "code", "p"}
    assert rendered.prose.strip() == "end"


@given(st.text(alphabet=st.sampled_from("@#ao1 *_`<>![]()&;:/.\\-+=|~$\n\u202e")))
def test_prose_is_a_paragraph_whatever_is_in_it(value: str) -> None:
    rendered = Rendered(f"x {prose(value)}")
    assert rendered.tags == {"p"}
    assert not re.search(r"[@#](?=\w)", rendered.prose)
