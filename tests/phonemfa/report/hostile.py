"""Text that wants to be more than text, and previews full of it."""

from __future__ import annotations

from typing import Any

from tests.phonemfa.report.previews import ACTION, COMPONENT, GUARDIAN, VERIFY, Change, Inputs

PAYLOADS = (
    "<script>alert('owned')</script>",
    "<img src=x onerror=alert(1)> owned",
    "![owned](https://evil.example/owned.png)",
    "[owned](javascript:alert(1))",
    "https://evil.example/owned www.evil.example owned@evil.example",
    "@octo-org/owned @owned #1 octo/owned#2 GH-3",
    "<!-- owned -->",
    "--> owned <!--",
    "```\n# owned\n```",
    "~~~\n# owned\n~~~",
    "````````````` owned",
    "</code></pre></details><h1>owned</h1>",
    "\n\n# owned\n\n- owned\n\n> owned",
    "| owned | owned |\n|---|---|",
    "\u202eowned\u202c\u2066\u200b\u2028",
    "𝕠𝕨𝕟𝕖𝕕 👩‍👩‍👧 owned",
    "{{ '' | owned }}",
    "<!-- phonemfa:report --> owned",
    "&lt;script&gt;owned&#64;org",
    "\x00\x1b[31mowned\r\nowned\x07",
    "\ud83d owned",
    "'\"><style>*{display:none}</style> owned",
)


def owned(payload: str) -> dict[str, Any]:
    """An engine's answer with the payload wherever the engine hands on other people's text."""
    change = Change(stack=payload if "\n" not in payload and "::" not in payload else "t1")
    for name in (ACTION, VERIFY, GUARDIAN):
        change.before(name, lambda inputs: _fill(inputs, payload, "before"))
        change.update(name, lambda inputs: _fill(inputs, payload, "after"), "name", payload)
    change.asks(
        **{
            "smsSender": payload,
            "allowedPrefixes": [payload],
            "texts": {payload: {"text": payload}},
            payload: {"odd": [payload]},
        },
    )
    change.step(COMPONENT)["newState"]["inputs"]["tenant"] = payload
    change.answer["steps"].append(
        {
            "op": "create",
            "urn": f"urn:pulumi:t1::p::{payload}::{payload}",
            "newState": {"custom": True, "type": payload, "inputs": {}},
        }
    )
    change.warn(payload)
    return change.done()


def _fill(inputs: Inputs, payload: str, side: str) -> None:
    text = f"{side} {payload} {{{{ code }}}}"
    for key, value in list(inputs.items()):
        if key == "secrets":
            # An older plugin's list; the official one hides it as a whole.
            inputs[key] = [{"name": payload, "value": text}]
        elif key == "content":
            value["body"] = {"text": text, "voice": text}
        elif key in {"name", "policy", "code", "runtime"}:
            inputs[key] = text
