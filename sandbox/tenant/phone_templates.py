"""The unified phone templates: /branding/phone/templates.

Owns customised templates, the defaults that show through where there is none, and reset
(management-api.md §5.2). Refuses rendering and checking of Liquid; the API takes any text.
"""

from __future__ import annotations

from typing import Any

from sandbox.tenant import default_templates, ids
from sandbox.tenant.clock import later_millisecond, millis
from sandbox.tenant.context import Context
from sandbox.tenant.errors import ApiError, invalid_body
from sandbox.tenant.phone_providers import resource_missing

COLLECTION = "phone_templates"
Document = dict[str, Any]


class PhoneTemplates:
    """The tenant's phone templates, at most one of each type."""

    def __init__(self, context: Context) -> None:
        """Keep templates in this tenant's store."""
        self._context = context
        self._store = context.store

    # -- reading ------------------------------------------------------------------------------

    def stored(self, template_id: str) -> Document:
        """The stored template.

        Raises:
            ApiError: 404 when there is none.
        """
        template = self._store.get(COLLECTION, template_id)
        if template is None:
            raise resource_missing()
        return template

    def _view(self, template: Document) -> Document:
        return {
            "id": template["id"],
            "tenant": self._context.name,
            "channel": "phone",
            "type": template["type"],
            "disabled": template["disabled"],
            "created_at": millis(template["created_at"]),
            "updated_at": millis(template["updated_at"]),
            "content": template["content"],
        }

    def _default(self, template_type: str) -> Document:
        now = millis(self._context.stamp())
        return {
            "tenant": self._context.name,
            "channel": "phone",
            "type": template_type,
            "disabled": False,
            "created_at": now,
            "updated_at": now,
            "content": default_templates.content(template_type),
        }

    def listing(self, *, disabled: bool | None = None) -> Document:
        """GET /branding/phone/templates: customised ones first, then the defaults without id.

        The customised ones come newest first: so listed in auth0-deploy-cli's recording
        `should-dump-without-throwing-an-error` (2026-07), where all four are.
        """
        customised = [self._view(one) for one in reversed(self._store.all(COLLECTION))]
        types = {one["type"] for one in customised}
        defaults = [self._default(one) for one in default_templates.LISTED if one not in types]
        templates = [*customised, *defaults]
        if not self._context.assumptions.customised_templates_first:
            templates.sort(key=lambda one: default_templates.ORDER.index(one["type"]))
        return {
            "templates": [
                one for one in templates if disabled is None or one["disabled"] == disabled
            ]
        }

    def get(self, template_id: str) -> Document:
        """GET /branding/phone/templates/{id}."""
        return self._view(self.stored(template_id))

    def effective(self, template_type: str) -> Document:
        """The customised template of a type, else its default; always with both texts."""
        for template in self._store.all(COLLECTION):
            if template["type"] == template_type:
                view = self._view(template)
                body = {
                    **default_templates.BODIES[template_type],
                    **view["content"].get("body", {}),
                }
                return {**view, "content": {**view["content"], "body": body}}
        return self._default(template_type)

    # -- writing ------------------------------------------------------------------------------

    def create(self, body: Document) -> Document:
        """POST: how a default becomes customised."""
        for key in ("type", "content"):
            if key not in body:
                raise invalid_body(f"Missing required property: {key}")
        with self._store.transaction():
            if any(one["type"] == body["type"] for one in self._store.all(COLLECTION)):
                raise ApiError(409, "Phone template already configured for tenant")
            now = self._context.stamp()
            template = {
                "id": ids.template_id(),
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
            texts = {**default_templates.BODIES[template_type], **texts}
        content: Document = {"syntax": "liquid"}
        if texts:
            content["body"] = texts
        if "from" in wanted:
            content["from"] = wanted["from"]
        return content

    def update(self, template_id: str, body: Document) -> Document:
        """PATCH: parts that are not named keep their value."""
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

    def reset(self, template_id: str) -> Document:
        """PATCH .../reset: the default texts again, `from` is kept (recorded)."""
        with self._store.transaction():
            template = self.stored(template_id)
            template["content"]["body"] = dict(default_templates.BODIES[template["type"]])
            return self._touched(template)

    def _touched(self, template: Document) -> Document:
        template["updated_at"] = later_millisecond(self._context.stamp(), template["updated_at"])
        self._store.put(COLLECTION, template["id"], template)
        return self._view(template)

    def delete(self, template_id: str) -> None:
        """DELETE: the type is a default again."""
        with self._store.transaction():
            self.stored(template_id)
            self._store.delete(COLLECTION, template_id)
