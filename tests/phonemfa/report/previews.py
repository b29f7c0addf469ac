"""Previews to report on: one that the real engine printed, and changes to it.

`unified.json` is the package's own stack, unchanged, as the engine prints it with the official
plugin: an Action's secrets and a provider's credentials are hidden as a whole (`official`).
tests/end_to_end/test_report.py proves that the engine still prints its form; where the package
declares something else, `pulumi preview --json --show-sames` of an unchanged
sandbox stack and `python -m tests.phonemfa.report.previews PREVIEW.json` make it anew.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from components.action_code import _UNSTAMPED, _stamp, assemble
from components.tenant.action import IN_SECRETS, KEY_SECRET, Action
from components.tenant.phone_provider import PhoneProvider
from phonemfa.output.json_text import as_json
from phonemfa.output.page import as_page
from phonemfa.pulumi.preview import Preview, read_preview
from phonemfa.report.document import as_comment, as_document
from phonemfa.report.summary import Environment, environment, failed

FIXTURE = Path(__file__).parent / "unified.json"

ACTION = "phone-mfa-sender-action"
PROVIDER = "phone-mfa-delivery-provider"
GUARDIAN = "phone-mfa-factor-guardian"
VERIFY = "phone-mfa-delivery-otp-verify"
CHANGE_PASSWORD = "phone-mfa-delivery-change-password"

COMPONENT = "phone-mfa"
ALWAYS = "all-applications"
SECRET = "[secret]"

Inputs = dict[str, Any]

_HIDDEN = {one.TOKEN: one.HIDDEN for one in (Action, PhoneProvider)}
"""What the official plugin hides as a whole, by the resource's type."""

_CODE = json.dumps("// CODE\nexports.onExecute = 1;\n")
"""What the fixture has in the place of the Action's code."""

_KEPT_OF_A_STEP = ("op", "urn", "diffReasons", "replaceReasons", "detailedDiff")
_KEPT_OF_A_STATE = ("urn", "custom", "type", "inputs", "outputs", "protect", "ignoreChanges")


def official(answer: dict[str, Any]) -> dict[str, Any]:
    """An engine's answer as with the official plugin, whatever the plugin was.

    `../shared/contract/official/` has its previews: `secrets` of an Action and `credentials` of a
    phone provider are one secret each, `detailedDiff` still names places inside of them.
    """
    answer = copy.deepcopy(answer)
    for kind, _, properties in _sides(answer):
        if _HIDDEN.get(kind) in properties:
            properties[_HIDDEN[kind]] = SECRET
    return answer


def with_an_older_plugin(answer: dict[str, Any], **values: str) -> dict[str, Any]:
    """The same with a plugin that hides the values in an Action's secrets, and not the list."""
    answer = copy.deepcopy(answer)
    listed = [{"name": name, "value": one} for name, one in (values | {KEY_SECRET: SECRET}).items()]
    for _, side, properties in _sides(answer):
        if "secrets" in properties:
            properties["secrets"] = listed if side == "inputs" else SECRET
    return answer


def _sides(answer: dict[str, Any]) -> Iterator[tuple[str, str, Inputs]]:
    """Inputs and outputs of each resource before and after, with its type."""
    for step in answer["steps"]:
        for state in filter(None, (step.get("oldState"), step.get("newState"))):
            for side in ("inputs", "outputs"):
                yield state.get("type", ""), side, state.get(side) or {}


def trimmed(answer: dict[str, Any]) -> dict[str, Any]:
    """What a report reads of the engine's answer, in an order of its own, without the code."""
    steps = []
    for raw in official(answer)["steps"]:
        step = {key: raw.get(key) for key in _KEPT_OF_A_STEP}
        for side in ("oldState", "newState"):
            if raw.get(side):
                step[side] = {key: raw[side][key] for key in _KEPT_OF_A_STATE if key in raw[side]}
        steps.append(step)
    text = json.dumps(sorted(steps, key=lambda one: (one["urn"].count("$"), one["urn"])))
    code = json.dumps(assemble("custom-phone-provider"))
    text = re.sub(r"localhost:\d+", "tenant.sandbox.test", text)
    return {
        "config": answer["config"],
        "steps": json.loads(text.replace(code, _CODE)),
        "diagnostics": [],
        "changeSummary": answer["changeSummary"],
    }


def missing(answer: dict[str, Any]) -> list[str]:
    """What the fixture has and the engine's answer has not, or in another form.

    Every string is one, but secrets stay; a list is as good as its elements, once each.
    """
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    return sorted(_forms(fixture) - _forms(trimmed(answer)))


def _forms(answer: dict[str, Any]) -> set[str]:
    return {
        form
        for step in answer["steps"]
        for form in _paths(step | {"urn": ""}, step["urn"].rpartition("::")[2])
    }


def _paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _paths(member, f"{path}.{key}")
    elif isinstance(value, list):
        for member in value:
            yield from _paths(member, f"{path}[]")
    elif value is not None:
        yield f"{path} = {value if value == '[secret]' else type(value).__name__}"


class Change:
    """A preview of the package's stack, in which something changes."""

    def __init__(self, *, stack: str = "t1") -> None:
        text = FIXTURE.read_text(encoding="utf-8")
        name = json.dumps(stack)[1:-1]
        text = text.replace("urn:pulumi:t1::", f"urn:pulumi:{name}::")
        text = text.replace(_CODE, json.dumps(stamped("exports.onExecute = 1;\n")))
        self.answer: dict[str, Any] = json.loads(text)

    def step(self, name: str) -> dict[str, Any]:
        """One resource's step, to be changed."""
        (found,) = [one for one in self.answer["steps"] if one["urn"].endswith(f"::{name}")]
        step: dict[str, Any] = found
        return step

    def update(self, name: str, change: Callable[[Inputs], Any], *paths: str) -> Change:
        """Update a resource (further); `paths` as the engine names them in `detailedDiff`."""
        step = self.step(name)
        step["op"] = "update"
        paths = (*paths, *(step.get("detailedDiff") or ()))
        step["newState"] = copy.deepcopy(step["newState"])
        change(step["newState"]["inputs"])
        step["newState"].pop("outputs", None)
        step["diffReasons"] = sorted({path.partition(".")[0].partition("[")[0] for path in paths})
        step["detailedDiff"] = {path: {"kind": "update", "inputDiff": False} for path in paths}
        return self

    def sets(self, name: str, /, **inputs: Any) -> Change:
        """Update a resource (further): these inputs, or what they have inside."""
        return self.update(name, partial(_put, more=inputs), *_places(inputs))

    def asks(self, **settings: Any) -> Change:
        """The stack's file says other settings (None: no more), as the component carries them.

        Resources that change with them are changed by `sets`, but for the Action's secrets.
        """
        step = self.step(COMPONENT)
        step["op"] = "update"
        state = step["newState"]["inputs"]
        asked = {**state["settings"], **settings}
        state["settings"] = {key: one for key, one in asked.items() if one is not None}
        return self.rotates() if IN_SECRETS & settings.keys() else self

    def had(self, **settings: Any) -> Change:
        """Other settings were applied, and are asked for."""
        step = self.step(COMPONENT)
        old = step["oldState"]
        for told in (old["inputs"], old["outputs"]["applied"], step["newState"]["inputs"]):
            told["settings"].update(settings)
        return self

    def says(self, text: str, channel: str = "text") -> Change:
        """The verification message has another text."""
        return self.sets(VERIFY, **_body(text, channel))

    def said(self, text: str) -> Change:
        """The verification message had another text, which stays (before `says`)."""
        return self.has(VERIFY, **_body(text, "text"))

    def rotates(self) -> Change:
        """The CPaaS key is another: the engine prints the same for both, and a path."""
        return self.update(ACTION, lambda _: None, SECRETS_DIFFER)

    def recodes(self, code: str) -> Change:
        """The Action has other code."""
        return self.sets(ACTION, code=code)

    def begins_to_ask(self) -> Change:
        """The policy goes from never to always."""
        return self.has(GUARDIAN, policy="never").sets(GUARDIAN, policy=ALWAYS)

    def unfinished(self) -> Change:
        """The last run did not finish: what it was asked for stands there, no output."""
        self.step(COMPONENT)["oldState"].pop("outputs")
        return self

    def of_an_earlier_version(self) -> Change:
        """The state has no settings; the program's component tells them, which is an update."""
        step = self.step(COMPONENT)
        step["op"] = "update"
        step["oldState"].pop("inputs")
        del step["oldState"]["outputs"]["applied"]
        return self

    def replace(self, name: str) -> Change:
        """Replace a resource, as `pulumi state taint` makes the engine do."""
        step = self.step(name)
        step["op"], step["replaceReasons"] = "replace", ["id"]
        return self

    def delete(self, name: str) -> Change:
        """Delete a resource."""
        step = self.step(name)
        step["op"] = "delete"
        del step["newState"]
        return self

    def create(self) -> Change:
        """Create a stack that was not there."""
        for step in self.answer["steps"]:
            step["op"] = "create"
            step.pop("oldState", None)
            step["newState"].pop("outputs", None)
        return self

    def named(self, factor: str) -> Change:
        """Another factor that the stack names, so that it is not left alone."""
        for side in ("oldState", "newState"):
            state = self.step(GUARDIAN)[side]
            state["ignoreChanges"] = [one for one in state["ignoreChanges"] if one != factor]
        return self

    def protect(self, *, was: bool, will_be: bool) -> Change:
        """Protection on every resource, which has no operation."""
        for step in self.answer["steps"]:
            step["oldState"]["protect"], step["newState"]["protect"] = was, will_be
        return self

    def has(self, name: str, /, **inputs: Any) -> Change:
        """What is there now has these inputs (before `sets`)."""
        return self.before(name, partial(_put, more=inputs))

    def before(self, name: str, change: Callable[[Inputs], Any]) -> Change:
        """Change what is there now (before `update`)."""
        step = self.step(name)
        for side in ("oldState", "newState"):
            for kind in ("inputs", "outputs"):
                if kind in step[side]:
                    change(step[side][kind])
        return self

    def warn(self, message: str) -> Change:
        """A warning of the program."""
        warning = {"message": f"warning: {message}\n", "severity": "warning"}
        self.answer["diagnostics"].append(warning)
        return self

    def done(self) -> dict[str, Any]:
        """The engine's answer."""
        operations = [one["op"] for one in self.answer["steps"]]
        self.answer["changeSummary"] = {one: operations.count(one) for one in set(operations)}
        return self.answer

    def preview(self) -> Preview:
        return read_preview(self.done())

    def environment(self) -> Environment:
        return environment(self.preview())


def _put(inputs: Inputs, more: Inputs) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(inputs.get(key), dict):
            _put(inputs[key], value)
        else:
            inputs[key] = value


def _places(inputs: Inputs) -> Iterator[str]:
    for key, value in inputs.items():
        inner = [f"{key}.{place}" for place in _places(value)] if isinstance(value, dict) else []
        yield from inner or [key]


def _body(text: str, channel: str) -> Inputs:
    return {"content": {"body": {channel: text}}}


SECRETS_DIFFER = "secrets[0].value"
"""How the engine says that something in an Action's secrets differs."""


def stamped(code: str) -> str:
    """Code as this package makes it."""
    code = f"// CODE\n// of a test, {_UNSTAMPED}.\n{code}"
    return code.replace(_UNSTAMPED, _stamp(code))


ENGLISH = (
    "Your code for {{ friendly_name }} is {{ code }}. It expires in five minutes; never share it "
    "with anybody. If you did not ask for it, call us."
)
JAPANESE = "{{ friendly_name }}のワンタイムパスワードは、{{ code }}、です。"


def everything() -> list[Environment]:
    """A change of each kind in two environments, and a third that cannot be previewed."""
    dev = Change(stack="dev").says(ENGLISH)
    dev = dev.recodes(stamped("exports.onExecute = async () => { /* " + "x" * 300 + " */ };\n"))
    prod = Change(stack="prod").protect(was=True, will_be=True).replace(ACTION).begins_to_ask()
    prod.says(JAPANESE, "voice")
    return [dev.environment(), prod.environment(), failed("staging", "error: no credentials")]


def told(environment: Environment) -> dict[str, tuple[str | None, str | None]]:
    """What is said to change: before and after, by subject."""
    return {one.subject: (one.before, one.after) for one in environment.differences}


def in_every_format(environment: Environment) -> tuple[str, str, str]:
    """The report as comment, page and JSON."""
    return (
        as_comment([environment], whole=("x",)),
        as_page(as_document([environment])),
        as_json([asdict(environment)]),
    )


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
        }
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


if __name__ == "__main__":
    answer = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    FIXTURE.write_text(
        json.dumps(trimmed(answer), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
