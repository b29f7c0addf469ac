"""Texts of a stack's config: which are fit to send, and what is said about those that are not."""

import copy
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.settings.faults import SettingsError
from components.settings.model import StackSettings
from components.settings.text_files import with_text_files
from components.vocabulary import MessageType, TextContent
from tests.components.test_settings import GOOD, SCHEMA, faults_in

LEGACY = {"experience": "legacy"}
KEY = "phonemfa:texts.otp_verify.text"
NO_CODE = "does not output the code"
EMPTY = "The tenant refuses an empty text"
LONGEST = "{{ code }}" + "長" * 664
FRAME = "{% if message_type == 'voice' %}"


def with_text(text: str, **changes: Any) -> dict[str, Any]:
    return GOOD | {"texts": {"otp_verify": {"text": text}}} | changes


@pytest.mark.parametrize(
    ("text", "changes", "says"),
    [
        *((text, {}, NO_CODE) for text in ("no code", "{{ 'code' }}", "{ code }", "@{code}")),
        *((text, {}, "know the variable") for text in ("{{ encode }}", "{{ codes }}")),
        ("{% comment %}{{ code }}{% endcomment %}", {}, NO_CODE),
        ("{{ code | slice: 0, 3 }}", {}, NO_CODE),
        ("{{ code }} {% if %}", {}, "is not Liquid"),
        ("{{{ code }}", {}, "is not Liquid"),
        ("{{ code }} {{ region | shout }}", {}, "does not know the filter shout"),
        ("{{ code }} {{ account }}", {}, "does not know the variable account"),
        ("{{ code }} {% capture x %}{% endcapture %}", {}, "does not know the tag capture"),
        ("{0} {consequence} {{ kode }} %s", {}, "does not know the variable kode"),
        ("{{ code }}" + "長" * 670, {}, "676 UTF-16 units, 11 parts"),
        # The line that browsers fill in counts too.
        (LONGEST, {"originBoundCode": "login.example.jp"}, "11 parts"),
        *((text, {}, EMPTY) for text in ("", " \n", "{{ code }}" + "x" * 19_991)),
        ("", {}, "remove the entry to use the text that"),
        *((f"a{odd}b {{{{ code }}}}", {}, "control character") for odd in "\x07\t\x1b\x85\r"),
        (f"{FRAME}{{{{ pause }}}}{{% endif %}}{{{{ code }}}}", {}, "in a unified tenant"),
        ("{% if requestInfo.lang %}a{% endif %}{{ code }}", {}, "in a unified tenant"),
        ("{{ tenant.friendly_name }} {{ code }}", {}, "write {{ friendly_name }} instead"),
        (
            "{{ tenant.friendly_name }} {{ code }}",
            LEGACY | {"transition": True},
            "write {{ friendly_name }} instead",
        ),
        ("{{ user.name }} {{ code }}", LEGACY, "user in a legacy tenant"),
        (FRAME + "Hello{% else %}{{ code }}{% endif %}", LEGACY, 'with message_type "voice"'),
    ],
)
def test_a_text_that_could_not_be_sent_or_understood_is_refused(
    text: str, changes: dict[str, Any], says: str
) -> None:
    values = with_text(text, **changes)
    found = faults_in(values)
    assert set(found) == {KEY}
    assert says in found[KEY]
    assert EMPTY not in found[KEY] or not SCHEMA.is_valid(values), "an editor marks it too"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("{{code}}", {}),
        ("{{ code }} です", {}),
        ("a {{- code | escape -}} b", {}),
        ("{% if user.name %}{{ user.name }}様 {% endif %}{{ code }}", {"allowedInTexts": ["user"]}),
        ("{{ code | split: '' | join: ', ' }}", {}),
        # What others can write may choose a text.
        ("{% if user.name == 'x' %}a{% elsif client.name %}b{% else %}c{% endif %}{{ code }}", {}),
        ("{% case locale %}{% when 'en' %}Hi{% else %}やあ{% endcase %} {{ code }}", {}),
        ("{% unless organization.name %}{{ friendly_name }}{% endunless %} {{ code }}", {}),
        ("{{ code }} (5 min). Tell no one.", {}),
        (LONGEST, {}),
        # A legacy tenant has variables of its own.
        (FRAME + "{{ pause }}{{ code }}{% else %}{{ code }}{% endif %}", LEGACY),
        ("{% if requestInfo.lang contains 'en' %}en{% else %}コード{% endif %} {{ code }}", LEGACY),
        ("{{ tenant.friendly_name }} {{ code }}", LEGACY),
        ("{{ tenant.friendlyName }} {{ code }}", LEGACY),
    ],
)
def test_a_text_that_outputs_the_code_is_taken_as_it_is(text: str, changes: dict[str, Any]) -> None:
    values = with_text(text, **changes)
    settings = StackSettings.check("dev", values)
    assert settings.texts[MessageType.OTP_VERIFY].text == text
    assert SCHEMA.is_valid(values)


def test_a_line_break_at_the_end_is_not_sent() -> None:
    settings = StackSettings.check("dev", with_text("{{ code }}\n"))
    assert settings.texts[MessageType.OTP_VERIFY].text == "{{ code }}"


KINDS = ["otp_enroll", "otp_verify", "blocked_account"]
BLOCKED = {"blocked_account": {"text": "blocked", "voice": "blocked"}}
PASSWORD = {"change_password": {"text": "{{ code }}", "voice": "{{ code }}"}}


@pytest.mark.parametrize(
    ("texts", "changes", "faults"),
    [
        pytest.param(
            {"otp_verify": {"text": "none", "voice": "none"}, "blocked_account": {"text": "half"}},
            {},
            {
                KEY: NO_CODE,
                "phonemfa:texts.otp_verify.voice": NO_CODE,
                "phonemfa:texts": "no text for blocked_account",
            },
            id="every one at once",
        ),
        pytest.param(
            {"otp_enroll": {"voice": "{{ code }}" + "長" * 1400}},
            {},
            {"phonemfa:texts.otp_enroll.voice": "1406 characters"},
            id="a call of another type that is too long",
        ),
        pytest.param(BLOCKED, {}, {"phonemfa:texts": "never used"}, id="not sent"),
        pytest.param(BLOCKED, {"messageTypes": KINDS}, {}, id="sent"),
        pytest.param(
            BLOCKED,
            {"messageTypes": [*KINDS, "x"]},
            {"phonemfa:messageTypes[3]": "Input should be"},
            id="among types that are none",
        ),
        pytest.param(PASSWORD, {}, {}, id="of a unified tenant"),
        pytest.param(
            PASSWORD, LEGACY, {"phonemfa:texts": "never used"}, id="of none in a legacy tenant"
        ),
        pytest.param({"otp_verify": {"voice": "{{ code }} spoken"}}, LEGACY, {}, id="legacy voice"),
        pytest.param(
            {
                "otp_verify": {
                    "text": "{% if message_type == 'sms' %}a {% endif %}{{ code }}",
                    "voice": "{{ code }} spoken",
                }
            },
            LEGACY,
            {"phonemfa:texts": "texts.otp_verify.voice is never used"},
            id="a legacy voice that the other has already",
        ),
    ],
)
def test_texts_are_used_or_refused(
    texts: dict[str, Any], changes: dict[str, Any], faults: dict[str, str]
) -> None:
    values = GOOD | {"texts": texts} | changes
    found = faults_in(values) if faults else {}
    assert set(found) == set(faults)
    assert all(says in found[key] for key, says in faults.items())
    assert faults or StackSettings.check("dev", values)


def test_a_long_text_is_shown_by_its_beginning_on_one_line() -> None:
    (fault,) = faults_in(with_text("{{ code }}\n" + "あ" * 700)).values()
    assert f'"{"{{ code }} " + "あ" * 49}…"' in fault
    assert "あ" * 50 not in fault
    assert "shorten it, best to one part (70 UTF-16 units)" in fault


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{{ user.name }} {{ code }}", "user"),
        (
            "{% if user.name %}{% for n in user.names %}{{ n }}{% endfor %}{% endif %}{{ code }}",
            "user",
        ),
        ("{{ code }} {{locale}}", "locale"),
        ("{{ code }} https://bank.example/a", "links"),
        ("{{ code }} www.bank", "links"),
        ("{{ code }} login.bank.co.jp", "links"),
        ("{{ code }} {{ support_url }}", "links"),
        ("{{ code }} {{ 'https:' | append: '//x' }}", "links"),
    ],
)
def test_what_others_can_write_is_in_a_text_only_where_the_stack_allows_it(
    text: str, name: str
) -> None:
    assert f"add {name} to allowedInTexts" in faults_in(with_text(text))[KEY]
    assert StackSettings.check("dev", with_text(text, allowedInTexts=[name]))
    others = [one for one in ("user", "client", "links") if one != name]
    assert faults_in(with_text(text, allowedInTexts=others))


OTHERS = ("user.name", "client.name", "organization.display_name", "application.name", "locale")
SAFE = ("friendly_name", "region", "code")


@st.composite
def templates(draw: st.DrawFn) -> tuple[str, set[str]]:
    """A text of outputs in every form Liquid has, and whose words get into it."""
    pieces, outputs = ["{{ code }}"], set()
    for number in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from([*OTHERS, *SAFE]))
        form = draw(
            st.sampled_from(
                [
                    "{{ %s }}",
                    "{{ %s | upcase }}",
                    "{{ 'x' | append: %s }}",
                    "{% assign v = %s %}{{ v }}",
                    "{% if region %}{{ %s }}{% endif %}",
                    "{% unless region %}a{% else %}{{ %s | escape }}{% endunless %}",
                    "{% case region %}{% when 'x' %}b{% else %}{{ %s }}{% endcase %}",
                    "{% if %s == 'x' %}c{% endif %}",
                    "{% unless %s %}d{% endunless %}",
                    "{% case %s %}{% when 'x' %}e{% endcase %}",
                ]
            )
        )
        if "{% if %s" not in form and "unless %s" not in form and "case %s" not in form:
            outputs.add(name.partition(".")[0])
        pieces.append(form.replace("%s", name).replace("v ", f"v{number} "))
    return " ".join(draw(st.permutations(pieces))), outputs & set(TextContent)


@hypothesis.settings(max_examples=60)
@given(templates(), st.sets(st.sampled_from(sorted(TextContent)), max_size=3))
def test_what_gets_into_a_text_is_allowed_by_name_or_refused(
    template: tuple[str, set[str]], allowed: set[str]
) -> None:
    text, outputs = template
    values = with_text(text, allowedInTexts=sorted(allowed))
    refused = outputs - allowed
    if not refused:
        assert StackSettings.check("dev", values)
        return
    with pytest.raises(SettingsError) as told:
        StackSettings.check("dev", values)
    for name in refused:
        assert f"add {name} to allowedInTexts" in str(told.value)


# --- Texts that stand in files ------------------------------------------------------------------


def written(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.liquid").write_bytes(text.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("files", "beside", "texts"),
    [
        pytest.param(
            {"otp_verify__text": "a\n", "otp_verify__voice": "b\r\n", "otp_enroll__text": "c\n\n"},
            {},
            {"otp_enroll": {"text": "c\n"}, "otp_verify": {"text": "a", "voice": "b"}},
            id="without the editor's line break",
        ),
        pytest.param(
            {"otp_verify__text": "a"},
            {"otp_verify": {"voice": "v"}},
            {"otp_verify": {"text": "a", "voice": "v"}},
            id="beside one of the stack's file",
        ),
    ],
)
def test_each_file_is_the_text_of_its_name(
    tmp_path: Path, files: dict[str, str], beside: dict[str, Any], texts: dict[str, Any]
) -> None:
    given = {"textFiles": "texts", "texts": copy.deepcopy(beside)}
    values, faults = with_text_files(given, written(tmp_path, **files))
    assert (values["texts"], faults) == (texts, [])
    assert given["texts"] == beside, "the given values are left alone"


def test_without_the_setting_nothing_is_read(tmp_path: Path) -> None:
    assert with_text_files({"a": 1}, tmp_path / "nowhere") == ({"a": 1}, [])


@pytest.mark.parametrize(
    "named", ["..", "/etc", "texts/../..", "nowhere", "texts/otp_verify.text.liquid"]
)
def test_a_folder_that_is_none_of_the_project_is_a_fault(tmp_path: Path, named: str) -> None:
    project = written(tmp_path, otp_verify__text="a")
    (fault,) = with_text_files({"textFiles": named}, project)[1]
    assert fault.key == "phonemfa:textFiles"


def test_every_file_that_would_be_ignored_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    project = written(tmp_path, otp_verfy__text="a", otp_enroll__voice="v" * 70_000)
    folder = project / "texts"
    (folder / "README.md").write_text("for people")
    (folder / "otp_verify.voice.liquid").write_bytes(b"\xff")
    (folder / "otp_enroll.text.liquid").symlink_to("/etc/hostname")
    (folder / "change_password.text.liquid").write_text("twice")
    faults = with_text_files(
        {"textFiles": "texts", "texts": {"change_password": {"text": "twice"}}}, project
    )[1]
    assert {fault.value.strip('"').removeprefix("texts/") for fault in faults} == {
        "change_password.text.liquid",
        "otp_enroll.text.liquid",
        "otp_enroll.voice.liquid",
        "otp_verfy.text.liquid",
        "otp_verify.voice.liquid",
    }
