"""The unified phone templates: /branding/phone/templates, and the texts behind them (§5.2).

A default shows through where nothing is customised. Liquid is neither rendered nor checked here;
the API takes any text.
"""

from typing import Any

from sandbox.json_schemas import BOOLEAN, STRING, described, obj, one_of, text
from sandbox.tenant.clock import later_millisecond, millis
from sandbox.tenant.context import Rules, new_id
from sandbox.tenant.errors import ApiError, invalid_body
from sandbox.tenant.operation import Call, Evidence, Routes
from sandbox.tenant.phone_providers import MISSING, TRY, tried

COLLECTION = "phone_templates"
Document = dict[str, Any]

_CODE = "{{ code | escape }}"
_TENANT = "{{ friendly_name | escape }}"
_PAUSED = "{{ pause }} " + _CODE


def _voice(kind: str) -> str:
    return (
        f"Hello. Your {kind} code for {_TENANT} is {_PAUSED}. "
        f"I repeat, your {kind} code is {_PAUSED}"
    )


_BLOCKED = (
    "We detected suspicious activity on your account from the ip {{user.source_ip}}"
    "{% if user.city %} from {{user.city}}, {{user.country}}"
    "{% elsif user.country %} from {{user.country}}{% endif %}. "
    "Logins from this IP have been blocked on your account. If this is your IP, please reset your "
    "password to unblock your account. Otherwise, disregard this message."
)
# No default of this type was ever recorded (management-api.md §5.2): the sandbox's own words.
_BREACH = (
    f"Your password for {_TENANT} was found in a leak of another service. "
    "Please change it when you next log in."
)

BODIES: dict[str, dict[str, str]] = {
    "blocked_account": {"text": _BLOCKED, "voice": _BLOCKED},
    "change_password": {
        "text": f"{_CODE} is your password change code for {_TENANT}",
        "voice": _voice("password change"),
    },
    "otp_enroll": {
        "text": f"{_CODE} is your verification code for {_TENANT}. "
        "Please enter this code to verify your enrollment.",
        "voice": _voice("verification"),
    },
    "otp_verify": {
        "text": f"{_CODE} is your verification code for {_TENANT}",
        "voice": _voice("verification"),
    },
    "password_breach": {"text": _BREACH, "voice": _BREACH},
}

LISTED = ("blocked_account", "change_password", "otp_enroll", "otp_verify")
"""Types whose default is listed, in this order; password_breach is not among them (recorded)."""

ORDER = tuple(BODIES)

GUARDIAN_TEXTS: dict[str, Any] = {
    "enrollment_message": "{{code}} is your verification code for {{tenant.friendly_name}}. "
    "Please enter this code to verify your enrollment.",
    "verification_message": "{{code}} is your verification code for {{tenant.friendly_name}}",
}

_BODY = obj({"text": text(1, 20_000), "voice": text(1, 20_000)}, minProperties=1)
_FROM = described(text(1, 16), "The sender")
_TYPE = described(one_of(*BODIES), "What the message is for")
_CREATE = obj(
    {
        "type": _TYPE,
        "disabled": BOOLEAN,
        "content": obj({"syntax": STRING, "from": _FROM, "body": _BODY}, minProperties=1),
    }
)
_UPDATE = obj(
    {"disabled": BOOLEAN, "content": obj({"from": _FROM, "body": _BODY}, minProperties=1)}
)
_PATH = "/branding/phone/templates"
_ONE = f"{_PATH}/{{id}}"
ROUTES = Routes("templates")


class PhoneTemplates(Rules):
    """The tenant's phone templates, at most one of each type."""

    def stored(self, template_id: str) -> Document:
        return self._context.stored(COLLECTION, template_id, MISSING)

    def _view(self, template: Document) -> Document:
        return {
            "id": template.get("id"),
            "tenant": self._context.name,
            "channel": "phone",
            **{key: template[key] for key in ("type", "disabled", "content")},
            **{key: millis(template[key]) for key in ("created_at", "updated_at")},
        }

    def _default(self, template_type: str) -> Document:
        now = self._context.stamp()
        content = {"syntax": "liquid", "body": dict(BODIES[template_type]), "from": ""}
        times = {"created_at": now, "updated_at": now}
        view = self._view({"type": template_type, "disabled": False, "content": content, **times})
        return {key: value for key, value in view.items() if key != "id"}

    @ROUTES("GET", _PATH, "read:phone_templates", query={"disabled": BOOLEAN})
    def listing(self, *, disabled: bool | None = None) -> Document:
        """Customised ones first, then the defaults without id.

        The customised ones come newest first: so listed in auth0-deploy-cli's recording
        `should-dump-without-throwing-an-error` (2026-07), where all four are.
        """
        customised = [self._view(one) for one in reversed(self._store.all(COLLECTION))]
        types = {one["type"] for one in customised}
        defaults = [self._default(one) for one in LISTED if one not in types]
        templates = [*customised, *defaults]
        if not self._context.assumptions.customised_templates_first:
            templates.sort(key=lambda one: ORDER.index(one["type"]))
        return {
            "templates": [
                one for one in templates if disabled is None or one["disabled"] == disabled
            ]
        }

    @ROUTES("GET", _ONE, "read:phone_templates")
    def get(self, template_id: str) -> Document:
        return self._view(self.stored(template_id))

    def effective(self, template_type: str) -> Document:
        """The customised template of a type, else its default; always with both texts."""
        for template in self._store.all(COLLECTION):
            if template["type"] == template_type:
                view = self._view(template)
                body = {**BODIES[template_type], **view["content"].get("body", {})}
                return {**view, "content": {**view["content"], "body": body}}
        return self._default(template_type)

    @ROUTES("POST", _PATH, "create:phone_templates", status=201, body=_CREATE)
    def create(self, body: Document) -> Document:
        """How a default becomes customised."""
        for key in ("type", "content"):
            if key not in body:
                raise invalid_body(f"Missing required property: {key}")
        with self._store.transaction():
            if any(one["type"] == body["type"] for one in self._store.all(COLLECTION)):
                raise ApiError(409, "Phone template already configured for tenant")
            now = self._context.stamp()
            template = {
                "id": new_id("tem_"),
                "type": body["type"],
                "disabled": body.get("disabled", False),
                "created_at": now,
                "updated_at": now,
                "content": self._content(body["type"], body["content"]),
            }
            self._store.put(COLLECTION, template["id"], template)
        return self._view(template)

    def _content(self, template_type: str, wanted: Document) -> Document:
        texts = wanted.get("body", {})
        if self._context.assumptions.missing_template_parts == "default":
            texts = {**BODIES[template_type], **texts}
        content: Document = {"syntax": "liquid"}
        if texts:
            content["body"] = texts
        if "from" in wanted:
            content["from"] = wanted["from"]
        return content

    @ROUTES("PATCH", _ONE, "update:phone_templates", body=_UPDATE)
    def update(self, template_id: str, body: Document) -> Document:
        """Parts that are not named keep their value."""
        with self._store.transaction():
            template = self.stored(template_id)
            content = template["content"]
            wanted = body.get("content", {})
            if "body" in wanted:
                content["body"] = {**content.get("body", {}), **wanted["body"]}
            if "from" in wanted:
                content["from"] = wanted["from"]
            if "disabled" in body:
                template["disabled"] = body["disabled"]
            return self._touched(template)

    @ROUTES("PATCH", f"{_ONE}/reset", "update:phone_templates")
    def reset(self, template_id: str) -> Document:
        """The default texts again, `from` is kept (recorded)."""
        with self._store.transaction():
            template = self.stored(template_id)
            template["content"]["body"] = dict(BODIES[template["type"]])
            return self._touched(template)

    def _touched(self, template: Document) -> Document:
        template["updated_at"] = later_millisecond(self._context.stamp(), template["updated_at"])
        self._store.put(COLLECTION, template["id"], template)
        return self._view(template)

    @ROUTES("DELETE", _ONE, "delete:phone_templates")
    def delete(self, template_id: str) -> None:
        """The type is a default again."""
        with self._store.transaction():
            self.stored(template_id)
            self._store.delete(COLLECTION, template_id)

    @ROUTES(
        "POST",
        f"{_ONE}/try",
        "create:phone_templates",
        status=202,
        body=obj(TRY, required=("to",), extra=True),
        with_call=True,
        known=Evidence("published", "§5.2"),
    )
    def try_out(self, template_id: str, _: Document, *, call: Call) -> Document:
        return tried(call, self.get(template_id))
