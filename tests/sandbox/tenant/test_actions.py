"""Actions and drafts (management-api.md §4.1-4.6)."""

from typing import Any

import pytest

from sandbox.tenant import Tenant
from sandbox.tenant.context import Page
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import action, deployed, login_action, refused, running


def script(auth0: Tenant, *phases: tuple[str, float]) -> None:
    auth0.context.builds.scripted.append(
        [{"status": status, "seconds": seconds} for status, seconds in phases]
    )


def names(auth0: Tenant, **filters: Any) -> list[str]:
    return [one["name"] for one in auth0.actions.listing(Page(), **filters)["actions"]]


class TestCreate:
    def test_trigger_version_and_runtime_have_defaults(self, auth0: Tenant) -> None:
        made = auth0.versions.create(action("send-phone-message", None))
        assert made["supported_triggers"] == [{"id": "send-phone-message", "version": "v2"}]
        assert made["runtime"] == "node22"
        old = auth0.versions.create(action("post-login", "v2"))
        assert old["runtime"] == "node16"

    def test_only_what_names_a_trigger_is_kept_of_it(self, auth0: Tenant) -> None:
        supported = {"id": "post-login", "version": "v3", "status": "CURRENT", "runtimes": ["x"]}
        made = auth0.versions.create(login_action(supported_triggers=[supported]))
        assert made["supported_triggers"] == [{"id": "post-login", "version": "v3"}]

    @pytest.mark.parametrize(
        ("change", "status", "fragment", "code"),
        [
            ({"runtime": "node12"}, 400, "supported runtimes: node18-actions, node22", None),
            ({"supported_triggers": [{"id": "post-login", "version": "v9"}]}, 400, "v9", None),
            (
                {"supported_triggers": [{"id": "post-login"}] * 2},
                400,
                "exactly one",
                "invalid_body",
            ),
            ({"name": " "}, 400, "cannot be empty", "invalid_body"),
            ({"secrets": [{"value": "v"}]}, 400, "needs a name", "invalid_body"),
            ({"secrets": [{"name": "A"}]}, 400, "needs a value", "invalid_body"),
            ({"secrets": [{"name": "A", "value": "x" * 4097}]}, 400, "4096", "invalid_body"),
            ({"secrets": [{"name": "A" * 129, "value": ""}]}, 400, "128", "invalid_body"),
            ({"secrets": [{"name": "A", "value": "1"}] * 2}, 400, "duplicate", None),
            ({"dependencies": [{"version": "1"}]}, 400, "needs a name", "invalid_body"),
        ],
    )
    def test_what_no_schema_can_state_is_refused(
        self, auth0: Tenant, change: dict[str, Any], status: int, fragment: str, code: str | None
    ) -> None:
        with refused(status, fragment, code):
            auth0.versions.create(login_action(**change))
        assert names(auth0) == []

    @pytest.mark.parametrize("trigger", ["custom-phone-provider", "custom-email-provider"])
    def test_a_provider_trigger_takes_one_action_per_tenant(
        self, auth0: Tenant, trigger: str
    ) -> None:
        first = auth0.versions.create(action(trigger))
        code = f"actions_cardinality_{trigger.replace('-', '_')}_not_allowed"
        with refused(403, trigger, code):
            auth0.versions.create(action(trigger))
        auth0.actions.delete(first["id"])
        auth0.versions.create(action(trigger))

    @pytest.mark.parametrize(
        ("part", "too_much"),
        [
            ("secrets", [{"name": f"S{one}", "value": ""} for one in range(31)]),
            ("dependencies", [{"name": f"d{one}"} for one in range(11)]),
            ("modules", [{"module_id": str(one)} for one in range(4)]),
            ("code", "é" * 50_001),
        ],
        ids=["secrets", "dependencies", "modules", "code"],
    )
    def test_limits_of_an_action_hold(self, auth0: Tenant, part: str, too_much: Any) -> None:
        with refused(403, "limit", "entity_limit_exceeded"):
            auth0.versions.create(login_action(**{part: too_much}))
        auth0.versions.create(login_action(**{part: too_much[:-1]}))

    def test_limits_of_a_tenant_hold(self, auth0: Tenant) -> None:
        # Of one trigger, too: its limit of 20 is one of bound Actions.
        for _ in range(100):
            auth0.versions.create(login_action())
        with refused(403, "100 actions per tenant", "entity_limit_exceeded"):
            auth0.versions.create(action())


class TestUpdate:
    def test_every_part_of_the_draft_can_be_changed(self, auth0: Tenant) -> None:
        made = auth0.versions.create(login_action())
        change = {
            "name": "other",
            "code": "// 2",
            "dependencies": [{"name": "lodash", "version": "4.0.0"}],
            "runtime": "node18-actions",
            "modules": [{"module_id": "m", "module_version_id": "v"}],
        }
        changed = auth0.actions.update(made["id"], change)
        assert changed == changed | change
        assert auth0.actions.get(made["id"]) == changed | {"status": "built"}

    def test_a_secret_without_a_value_keeps_its_value(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, action(secrets=[{"name": "KEY", "value": "kept"}]))
        with refused(400, "needs a value", "invalid_body"):
            auth0.actions.update(action_id, {"secrets": [{"name": "KEY"}, {"name": "NEW"}]})
        auth0.actions.update(action_id, {"secrets": [{"name": "KEY", "updated_at": "whenever"}]})
        auth0.versions.deploy(action_id)
        assert running(auth0).secrets == {"KEY": "kept"}

    def test_a_compatible_version_of_the_trigger_is_an_upgrade(self, auth0: Tenant) -> None:
        old = auth0.versions.create(action("post-login", "v2", runtime="node22"))
        changed = auth0.actions.update(
            old["id"], {"supported_triggers": [{"id": "post-login", "version": "v3"}]}
        )
        assert changed["supported_triggers"][0]["version"] == "v3"

    @pytest.mark.parametrize(
        "wanted", [{"id": "post-login", "version": "v1"}, {"id": "credentials-exchange"}]
    )
    def test_any_other_trigger_is_refused(self, auth0: Tenant, wanted: dict[str, Any]) -> None:
        made = auth0.versions.create(login_action())
        with refused(400, "can't upgrade to this trigger."):
            auth0.actions.update(made["id"], {"supported_triggers": [wanted]})

    def test_identical_content_stays_deployed_and_other_content_does_not(
        self, auth0: Tenant
    ) -> None:
        body = login_action(secrets=[{"name": "A", "value": "1"}])
        action_id = deployed(auth0, body)
        assert auth0.actions.update(action_id, body)["all_changes_deployed"] is True
        rotated = body | {"secrets": [{"name": "A", "value": "2"}]}
        assert auth0.actions.update(action_id, rotated)["all_changes_deployed"] is False
        assert auth0.actions.update(action_id, body)["all_changes_deployed"] is True
        assert auth0.actions.update(action_id, {"code": "// 2"})["all_changes_deployed"] is False


class TestBuilds:
    def test_a_dependency_that_was_recorded_to_fail_fails_until_it_is_gone(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        broken = [{"name": "crypto", "version": "17.7.1"}]
        made = auth0.versions.create(login_action(dependencies=broken))
        clock.advance(2)
        assert auth0.actions.get(made["id"])["status"] == "failed"
        auth0.actions.update(made["id"], {"code": "// 2"})
        clock.advance(2)
        assert auth0.actions.get(made["id"])["status"] == "failed"
        auth0.actions.update(made["id"], {"dependencies": []})
        assert auth0.actions.get(made["id"])["status"] == "built"

    def test_a_scripted_build_takes_its_time(self, auth0: Tenant, clock: ManualClock) -> None:
        script(auth0, ("building", 5), ("retrying", 5), ("failed", 0))
        made = auth0.versions.create(login_action())
        seen = []
        for _ in range(4):
            seen.append(auth0.actions.get(made["id"])["status"])
            clock.advance(3)
        assert seen == ["building", "building", "retrying", "retrying"]
        clock.advance(60)
        assert auth0.actions.get(made["id"])["status"] == "failed"

    def test_a_script_serves_one_write(self, auth0: Tenant) -> None:
        script(auth0, ("failed", 0))
        made = auth0.versions.create(login_action())
        assert auth0.actions.get(made["id"])["status"] == "failed"
        auth0.actions.update(made["id"], {})
        assert auth0.actions.get(made["id"])["status"] == "built"

    def test_a_registry_is_forgotten_once_it_was_used(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        dependency = {"name": "lodash", "version": "4.0.0", "registry_url": "https://npm.example"}
        script(auth0, ("building", 5), ("built", 0))
        made = auth0.versions.create(login_action(dependencies=[dependency]))
        assert auth0.actions.get(made["id"])["dependencies"] == [dependency]
        clock.advance(6)
        assert auth0.actions.get(made["id"])["dependencies"] == [
            {"name": "lodash", "version": "4.0.0"}
        ]


class TestList:
    def test_filters_match_exactly(self, auth0: Tenant) -> None:
        deployed(auth0, login_action(name="one"))
        auth0.versions.create(login_action(name="one more"))
        auth0.versions.create(action(name="sender"))
        assert names(auth0) == ["one", "one more", "sender"]
        assert names(auth0, action_name="one") == ["one"]
        assert names(auth0, trigger_id="custom-phone-provider") == ["sender"]
        assert names(auth0, deployed=True) == ["one"]
        assert names(auth0, deployed=False) == ["one more", "sender"]

    def test_installed_actions_are_told_from_custom_ones(self, auth0: Tenant) -> None:
        made = auth0.versions.create(login_action(name="installed"))
        auth0.versions.create(login_action(name="custom"))
        stored = auth0.actions.stored(made["id"]) | {"installed_integration_id": "7d2bc0c9"}
        auth0.actions.save(stored)
        assert names(auth0, installed=True) == ["installed"]
        assert names(auth0, installed=False) == ["custom"]
        assert auth0.actions.get(made["id"])["installed_integration_id"] == "7d2bc0c9"
