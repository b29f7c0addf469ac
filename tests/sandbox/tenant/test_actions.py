"""Actions, drafts, deploys, versions and bindings (management-api.md §4)."""

from typing import Any

import pytest

from sandbox.tenant import Tenant
from sandbox.tenant.context import Page
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import (
    LOGIN,
    PHONE,
    action,
    deployed,
    login_action,
    refused,
    running,
    script,
)

SENDING = "send-phone-message"


def names(auth0: Tenant, **filters: Any) -> list[str]:
    return [one["name"] for one in auth0.actions.listing(Page(), **filters)["actions"]]


def secret(value: str, name: str = "KEY") -> dict[str, Any]:
    return {"secrets": [{"name": name, "value": value}]}


class TestCreate:
    @pytest.mark.parametrize(
        ("asked", "version", "runtime"),
        [
            ({"id": SENDING}, "v2", "node22"),
            ({"id": LOGIN, "version": "v2"}, "v2", "node16"),
            ({"id": LOGIN, "version": "v3", "status": "CURRENT", "runtimes": []}, "v3", "node22"),
        ],
    )
    def test_a_trigger_is_kept_by_id_and_version_and_gives_the_runtime(
        self, auth0: Tenant, asked: dict[str, Any], version: str, runtime: str
    ) -> None:
        made = auth0.versions.create(action(supported_triggers=[asked]))
        assert made["supported_triggers"] == [{"id": asked["id"], "version": version}]
        assert made["runtime"] == runtime

    @pytest.mark.parametrize(
        ("change", "fragment", "code"),
        [
            ({"runtime": "node12"}, "supported runtimes: node18-actions, node22", None),
            ({"supported_triggers": [{"id": LOGIN, "version": "v9"}]}, "v9", None),
            ({"supported_triggers": [{"id": LOGIN}] * 2}, "exactly one", "invalid_body"),
            ({"name": " "}, "cannot be empty", "invalid_body"),
            ({"secrets": [{"value": "v"}]}, "needs a name", "invalid_body"),
            ({"secrets": [{"name": "A"}]}, "needs a value", "invalid_body"),
            (secret("x" * 4097), "4096", "invalid_body"),
            (secret("", "A" * 129), "128", "invalid_body"),
            ({"secrets": [{"name": "A", "value": "1"}] * 2}, "duplicate", None),
            ({"dependencies": [{"version": "1"}]}, "needs a name", "invalid_body"),
        ],
    )
    def test_what_no_schema_can_state_is_refused(
        self, auth0: Tenant, change: dict[str, Any], fragment: str, code: str | None
    ) -> None:
        with refused(400, fragment, code):
            auth0.versions.create(login_action(**change))
        assert names(auth0) == []

    @pytest.mark.parametrize("trigger", [PHONE, "custom-email-provider"])
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

    def test_an_empty_runtime_asks_for_no_other_even_where_the_trigger_lacks_it(
        self, auth0: Tenant
    ) -> None:
        made = auth0.versions.create(action(LOGIN, "v2", runtime="node18"))
        upgrade = {"supported_triggers": [{"id": LOGIN, "version": "v3"}], "runtime": ""}
        assert auth0.actions.update(made["id"], upgrade)["runtime"] == "node18"

    def test_a_secret_without_a_value_keeps_its_value(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, action(**secret("kept")))
        with refused(400, "needs a value", "invalid_body"):
            auth0.actions.update(action_id, {"secrets": [{"name": "KEY"}, {"name": "NEW"}]})
        auth0.actions.update(action_id, {"secrets": [{"name": "KEY", "updated_at": "whenever"}]})
        auth0.versions.deploy(action_id)
        assert running(auth0).secrets == {"KEY": "kept"}

    def test_only_a_compatible_version_of_the_trigger_is_an_upgrade(self, auth0: Tenant) -> None:
        old = deployed(auth0, action(LOGIN, "v2", runtime="node22"))
        changed = auth0.actions.update(
            old, {"supported_triggers": [{"id": LOGIN, "version": "v3"}]}
        )
        assert changed["supported_triggers"][0]["version"] == "v3"
        assert changed["all_changes_deployed"] is False
        for wanted in ({"id": LOGIN, "version": "v1"}, {"id": "credentials-exchange"}):
            with refused(400, "can't upgrade to this trigger."):
                auth0.actions.update(old, {"supported_triggers": [wanted]})

    def test_identical_content_stays_deployed_and_other_content_does_not(
        self, auth0: Tenant
    ) -> None:
        body = login_action(**secret("1"), dependencies=[], modules=[])
        action_id = deployed(auth0, body)
        others: list[dict[str, Any]] = [
            *(secret("2"), secret("1", "OTHER"), {"code": "// 2"}, {"runtime": "node18-actions"}),
            *({"dependencies": [{"name": "a"}]}, {"modules": [{"module_id": "m"}]}),
        ]
        for other in others:
            assert auth0.actions.update(action_id, other)["all_changes_deployed"] is False, other
            back = auth0.actions.update(action_id, body | {"runtime": "node22"})
            assert back["all_changes_deployed"] is True


class TestBuilds:
    def test_a_dependency_that_was_recorded_to_fail_fails_until_it_is_gone(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        broken = [{"name": "crypto", "version": "17.7.1"}]
        made = auth0.versions.create(login_action(dependencies=broken))
        changes: list[dict[str, Any]] = [{"code": "// 2"}, {"dependencies": []}]
        for change in changes:
            clock.advance(2)
            assert auth0.actions.get(made["id"])["status"] == "failed"
            auth0.actions.update(made["id"], change)
        assert auth0.actions.get(made["id"])["status"] == "built"

    def test_a_scripted_build_takes_its_time_and_is_one_writes(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        script(auth0, ("building", 5), ("retrying", 5), ("failed", 0))
        made = auth0.versions.create(login_action())
        script(auth0, ("retrying", 0))
        with refused(400, "not supported"):
            auth0.actions.update(made["id"], {"runtime": "node12"})
        for seen in ("building", "building", "retrying", "retrying", "failed", "failed"):
            assert auth0.actions.get(made["id"])["status"] == seen
            clock.advance(3)
        for seen in ("retrying", "built"):
            auth0.actions.update(made["id"], {})
            assert auth0.actions.get(made["id"])["status"] == seen

    def test_a_registry_is_forgotten_once_it_was_used(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        lodash = {"name": "lodash", "version": "4.0.0"}
        script(auth0, ("building", 5), ("built", 0))
        asked = lodash | {"registry_url": "https://npm.example"}
        made = auth0.versions.create(login_action(dependencies=[asked]))
        for shown in (asked, lodash):
            assert auth0.actions.get(made["id"])["dependencies"] == [shown]
            clock.advance(6)


class TestList:
    def test_filters_match_exactly(self, auth0: Tenant) -> None:
        deployed(auth0, login_action(name="one"))
        auth0.versions.create(login_action(name="one more"))
        made = auth0.versions.create(action(name="sender"))
        auth0.actions.save(auth0.actions.stored(made["id"]) | {"installed_integration_id": "7d2b"})
        assert auth0.actions.get(made["id"])["installed_integration_id"] == "7d2b"
        assert names(auth0) == ["one", "one more", "sender"]
        assert names(auth0, action_name="one") == ["one"]
        assert names(auth0, trigger_id=PHONE) == ["sender"]
        assert names(auth0, deployed=True) == ["one"]
        assert names(auth0, deployed=False) == ["one more", "sender"]
        assert names(auth0, installed=True) == ["sender"]
        assert names(auth0, installed=False) == ["one", "one more"]


class TestDeploy:
    def test_what_runs_is_kept_however_many_deploys_are_under_way(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, action())
        before = running(auth0)
        auth0.context.builds.deploy_seconds = 600
        for _ in range(52):
            auth0.versions.deploy(action_id)
        assert running(auth0) == before

    def test_a_draft_that_is_not_built_waits(self, auth0: Tenant, clock: ManualClock) -> None:
        script(auth0, ("building", 5), ("built", 0))
        made = auth0.versions.create(login_action())
        with refused(400, "must be in the 'built' state"):
            auth0.versions.deploy(made["id"])
        clock.advance(6)
        auth0.versions.deploy(made["id"])

    def test_while_it_is_under_way_the_earlier_version_runs(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        action_id = deployed(auth0)
        clock.advance(1)
        auth0.context.builds.deploy_seconds = 3
        auth0.actions.update(action_id, {"code": "// 2"})
        auth0.versions.deploy(action_id)
        read = auth0.actions.get(action_id)
        assert read["current_version"]["status"] == "PENDING"
        assert "build_time" not in read["current_version"]
        assert read["deployed_version"]["code"] == running(auth0).code == "// 1"
        listed = auth0.versions.listing(action_id, Page())["versions"]
        assert [one["deployed"] for one in listed] == [False, True]
        clock.advance(4)
        assert running(auth0).code == "// 2"
        assert auth0.actions.get(action_id)["all_changes_deployed"] is True

    def test_a_create_that_deploys_shows_the_pending_version_at_once(self, auth0: Tenant) -> None:
        made = auth0.versions.create(action(deploy=True))
        assert made["current_version"]["status"] == "PENDING"
        version = made["deployed_version"]
        assert (version["deployed"], version["status"]) == (True, "pending")
        assert "built_at" not in version
        assert made["all_changes_deployed"] is True
        read = auth0.actions.get(made["id"])
        assert read["deployed_version"]["status"] == "built"
        assert read["updated_at"] > read["deployed_version"]["updated_at"] > made["updated_at"]
        assert auth0.deployed_action(PHONE) is not None

    def test_after_one_at_birth_it_is_like_any_other(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        made = auth0.versions.create(action(deploy=True))
        clock.advance(1)
        first = auth0.actions.get(made["id"])
        auth0.context.builds.deploy_seconds = 3
        second = auth0.versions.deploy(made["id"])
        read = auth0.actions.get(made["id"])
        assert (read["status"], read["updated_at"]) == ("built", first["updated_at"])
        assert read["current_version"]["id"] == second["id"]
        assert read["deployed_version"] == first["deployed_version"]
        assert auth0.deployed_action(PHONE) is not None
        clock.advance(4)
        read = auth0.actions.get(made["id"])
        assert read["deployed_version"]["id"] == second["id"]
        assert (read["status"], read["updated_at"]) == ("built", first["updated_at"])

    def test_a_create_that_deploys_what_cannot_be_built_never_runs(
        self, auth0: Tenant, clock: ManualClock
    ) -> None:
        script(auth0, ("building", 2), ("failed", 0))
        made = auth0.versions.create(action(deploy=True))
        clock.advance(100)
        assert auth0.actions.get(made["id"])["status"] == "failed"
        (version,) = auth0.versions.listing(made["id"], Page())["versions"]
        assert version["deployed"] is False
        assert auth0.deployed_action(PHONE) is None

    @pytest.mark.parametrize("follows", [False, True])
    def test_an_old_versions_content_becomes_a_new_one_and_the_draft_follows_where_asked(
        self, auth0: Tenant, *, follows: bool
    ) -> None:
        action_id = str(auth0.versions.create(action(**secret("1")))["id"])
        first = auth0.versions.deploy(action_id)
        auth0.actions.update(action_id, {"code": "// 2", **secret("2")})
        auth0.versions.deploy(action_id)
        back = auth0.versions.deploy_version(action_id, first["id"], update_draft=follows)
        assert (back["number"], back["code"], back["deployed"]) == (3, "// 1", False)
        read = auth0.actions.get(action_id)
        assert read["deployed_version"]["id"] == back["id"]
        # Where it does not, a rollback is visible only as undeployed changes.
        assert read["code"] == ("// 1" if follows else "// 2")
        assert read["all_changes_deployed"] is follows

    def test_another_actions_version_is_not_found(self, auth0: Tenant) -> None:
        first, second = deployed(auth0), deployed(auth0, login_action())
        version_id = auth0.actions.get(second)["deployed_version"]["id"]
        for ask in (auth0.versions.deploy_version, auth0.versions.get):
            with refused(404, "does not exist"):
                ask(first, version_id)

    def test_only_fifty_versions_are_kept_and_the_deployed_one_is_among_them(
        self, auth0: Tenant
    ) -> None:
        action_id = deployed(auth0)
        for _ in range(54):
            auth0.versions.deploy(action_id)
        listed = auth0.versions.listing(action_id, Page(per_page=100))["versions"]
        assert [one["number"] for one in listed] == list(range(55, 5, -1))
        assert listed[0]["deployed"] is True

    def test_what_runs_has_code_and_secrets_of_the_deploy_and_hides_them(
        self, auth0: Tenant
    ) -> None:
        action_id = deployed(auth0, action(**secret("hidden-1")))
        auth0.actions.update(action_id, {"code": "// 2", **secret("hidden-2")})
        for number in ("1", "2"):
            now = running(auth0)
            assert (now.code, now.secrets) == (f"// {number}", {"KEY": f"hidden-{number}"})
            assert now.version_id == auth0.actions.get(action_id)["deployed_version"]["id"]
            assert "hidden" not in repr(now)
            assert "//" not in repr(now)
            auth0.versions.deploy(action_id)

    def test_the_legacy_trigger_runs_only_what_is_bound(self, auth0: Tenant) -> None:
        ids = [deployed(auth0, action(SENDING, "v2", name=name)) for name in ("first", "second")]
        assert auth0.deployed_action(SENDING) is None
        auth0.bindings.replace(SENDING, [ref(one) for one in reversed(ids)])
        assert running(auth0, SENDING).name == "second"


def ref(value: str, kind: str = "action_id", **more: Any) -> dict[str, Any]:
    return {"ref": {"type": kind, "value": value}} | more


def bound(auth0: Tenant) -> list[str]:
    return [one["action"]["id"] for one in auth0.bindings.listing(LOGIN, Page())["bindings"]]


class TestBindings:
    def test_an_action_is_named_by_id_name_or_earlier_binding(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, login_action(name="mine"))
        named = [ref("mine", "action_name"), ref(action_id, display_name="x")]
        first, other = auth0.bindings.replace(LOGIN, named)["bindings"]
        assert (first["display_name"], other["display_name"]) == ("mine", "x")
        (again,) = auth0.bindings.replace(LOGIN, [ref(first["id"], "binding_id")])["bindings"]
        assert again["action"]["id"] == action_id
        assert again["id"] != first["id"]

    def test_only_a_deployed_action_of_the_trigger_can_be_bound(self, auth0: Tenant) -> None:
        made = auth0.versions.create(login_action())
        with refused(400, "has not been deployed yet"):
            auth0.bindings.replace(LOGIN, [ref(made["id"])])
        with refused(400, "incompatible action and trigger"):
            auth0.bindings.replace(LOGIN, [ref(deployed(auth0))])

    def test_an_entity_bound_trigger_takes_none(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, action("event-stream"))
        assert auth0.bindings.listing("event-stream", Page())["bindings"] == []
        auth0.bindings.replace("event-stream", [])
        with refused(400, "bound by its entity"):
            auth0.bindings.replace("event-stream", [ref(action_id)])

    @pytest.mark.parametrize(
        ("bad", "status", "said", "code"),
        [
            (ref("nope"), 404, "does not exist", None),
            (ref("nope", "action_name"), 404, "does not exist", None),
            (ref("nope", "binding_id"), 404, "does not exist", None),
            ({"ref": {}}, 400, "'oneOf'' on property bindings[1].", "invalid_body"),
            ({"ref": {"type": "action_id"}}, 400, "bindings[1].", "invalid_body"),
            ({"ref": {"value": "x"}}, 400, "bindings[1].", "invalid_body"),
        ],
    )
    def test_one_bad_item_leaves_the_old_list_in_force(
        self, auth0: Tenant, bad: dict[str, Any], status: int, said: str, code: str | None
    ) -> None:
        action_id = deployed(auth0, login_action())
        auth0.bindings.replace(LOGIN, [ref(action_id)])
        with refused(status, said, code):
            auth0.bindings.replace(LOGIN, [ref(action_id), bad])
        assert bound(auth0) == [action_id]

    def test_a_trigger_runs_twenty_actions_at_most(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, login_action())
        auth0.bindings.replace(LOGIN, [ref(action_id)] * 20)
        with refused(403, "20", "entity_limit_exceeded"):
            auth0.bindings.replace(LOGIN, [ref(action_id)] * 21)

    def test_a_bound_action_is_deleted_by_force_alone_and_the_others_are_spared(
        self, auth0: Tenant
    ) -> None:
        first, second = (deployed(auth0, login_action(name=name)) for name in "ab")
        auth0.bindings.replace(LOGIN, [ref(first), ref(second), ref(first)])
        with refused(409, "Unable to delete an action bound to a trigger."):
            auth0.actions.delete(first)
        assert bound(auth0) == [first, second, first]
        auth0.actions.delete(first, force=True)
        assert bound(auth0) == [second]
