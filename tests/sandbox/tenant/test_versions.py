"""Deploys and versions (management-api.md §4.7, §4.8)."""

from sandbox.tenant import Tenant
from sandbox.tenant.context import Page
from tests.sandbox.clock import ManualClock
from tests.sandbox.tenant.support import PHONE, action, deployed, login_action, refused, running


def test_what_runs_is_kept_however_many_deploys_are_under_way(auth0: Tenant) -> None:
    action_id = deployed(auth0, action())
    before = running(auth0)
    auth0.context.builds.deploy_seconds = 600
    for _ in range(52):
        auth0.versions.deploy(action_id)
    assert running(auth0) == before


def test_a_draft_that_is_not_built_cannot_be_deployed(auth0: Tenant, clock: ManualClock) -> None:
    auth0.context.builds.scripted.append(
        [{"status": "building", "seconds": 5}, {"status": "built", "seconds": 0}]
    )
    made = auth0.versions.create(login_action())
    with refused(400, "must be in the 'built' state"):
        auth0.versions.deploy(made["id"])
    clock.advance(6)
    auth0.versions.deploy(made["id"])


def test_while_a_deploy_is_under_way_the_earlier_version_runs(
    auth0: Tenant, clock: ManualClock
) -> None:
    action_id = deployed(auth0)
    clock.advance(1)
    auth0.context.builds.deploy_seconds = 3
    auth0.actions.update(action_id, {"code": "// 2"})
    auth0.versions.deploy(action_id)
    read = auth0.actions.get(action_id)
    assert read["current_version"]["status"] == "PENDING"
    assert "build_time" not in read["current_version"]
    assert read["deployed_version"]["code"] == "// 1"
    listed = auth0.versions.listing(action_id, Page())["versions"]
    assert [one["deployed"] for one in listed] == [False, True]
    assert running(auth0).code == "// 1"
    clock.advance(4)
    assert running(auth0).code == "// 2"
    assert auth0.actions.get(action_id)["all_changes_deployed"] is True


def test_a_create_that_deploys_shows_the_pending_version_at_once(auth0: Tenant) -> None:
    made = auth0.versions.create(action(deploy=True))
    assert made["current_version"]["status"] == "PENDING"
    assert made["deployed_version"]["deployed"] is True
    assert made["deployed_version"]["status"] == "pending"
    assert "built_at" not in made["deployed_version"]
    assert made["all_changes_deployed"] is True
    read = auth0.actions.get(made["id"])
    assert read["deployed_version"]["status"] == "built"
    assert read["updated_at"] > read["deployed_version"]["updated_at"] > made["updated_at"]
    assert auth0.deployed_action(PHONE) is not None


def test_a_deploy_after_one_at_birth_is_like_any_other(auth0: Tenant, clock: ManualClock) -> None:
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
    auth0: Tenant, clock: ManualClock
) -> None:
    auth0.context.builds.scripted.append(
        [{"status": "building", "seconds": 2}, {"status": "failed", "seconds": 0}]
    )
    made = auth0.versions.create(action(deploy=True))
    clock.advance(100)
    assert auth0.actions.get(made["id"])["status"] == "failed"
    assert auth0.deployed_action(PHONE) is None


class TestDeployOfAnOldVersion:
    def test_its_content_becomes_a_new_version(self, auth0: Tenant) -> None:
        action_id = str(auth0.versions.create(action())["id"])
        first = auth0.versions.deploy(action_id)
        auth0.actions.update(action_id, {"code": "// 2"})
        auth0.versions.deploy(action_id)
        back = auth0.versions.deploy_version(action_id, first["id"], update_draft=False)
        assert (back["number"], back["code"], back["deployed"]) == (3, "// 1", False)
        read = auth0.actions.get(action_id)
        assert read["deployed_version"]["id"] == back["id"]
        # The draft is untouched, so a rollback is visible only as undeployed changes.
        assert read["code"] == "// 2"
        assert read["all_changes_deployed"] is False

    def test_the_draft_follows_where_that_is_asked_for(self, auth0: Tenant) -> None:
        action_id = str(auth0.versions.create(action(secrets=[{"name": "K", "value": "1"}]))["id"])
        first = auth0.versions.deploy(action_id)
        auth0.actions.update(action_id, {"code": "// 2", "secrets": [{"name": "K", "value": "2"}]})
        auth0.versions.deploy_version(action_id, first["id"], update_draft=True)
        read = auth0.actions.get(action_id)
        assert read["code"] == "// 1"
        assert read["all_changes_deployed"] is True

    def test_another_actions_version_is_not_found(self, auth0: Tenant) -> None:
        first, second = deployed(auth0), deployed(auth0, login_action())
        version_id = auth0.actions.get(second)["deployed_version"]["id"]
        with refused(404, "does not exist"):
            auth0.versions.deploy_version(first, version_id, update_draft=False)
        with refused(404, "does not exist"):
            auth0.versions.get(first, version_id)


def test_only_fifty_versions_are_kept_and_the_deployed_one_is_among_them(auth0: Tenant) -> None:
    action_id = deployed(auth0)
    for _ in range(54):
        auth0.versions.deploy(action_id)
    listed = auth0.versions.listing(action_id, Page(per_page=100))
    numbers = [one["number"] for one in listed["versions"]]
    assert numbers == list(range(55, 5, -1))
    assert listed["versions"][0]["deployed"] is True


class TestWhatTheTenantRuns:
    def test_code_and_secrets_are_those_of_the_deploy(self, auth0: Tenant) -> None:
        action_id = deployed(auth0, action(secrets=[{"name": "KEY", "value": "one"}]))
        auth0.actions.update(
            action_id, {"code": "// 2", "secrets": [{"name": "KEY", "value": "two"}]}
        )
        earlier = running(auth0)
        assert (earlier.code, earlier.secrets) == ("// 1", {"KEY": "one"})
        auth0.versions.deploy(action_id)
        now = running(auth0)
        assert (now.code, now.secrets) == ("// 2", {"KEY": "two"})
        assert now.version_id == auth0.actions.get(action_id)["deployed_version"]["id"]

    def test_its_representation_hides_code_and_secrets(self, auth0: Tenant) -> None:
        deployed(auth0, action(secrets=[{"name": "KEY", "value": "hidden-value"}]))
        assert "hidden-value" not in repr(auth0.deployed_action(PHONE))

    def test_the_legacy_trigger_runs_only_what_is_bound(self, auth0: Tenant) -> None:
        first = deployed(auth0, action("send-phone-message", "v2", name="first"))
        second = deployed(auth0, action("send-phone-message", "v2", name="second"))
        assert auth0.deployed_action("send-phone-message") is None
        refs = [{"ref": {"type": "action_id", "value": one}} for one in (second, first)]
        auth0.bindings.replace("send-phone-message", refs)
        assert running(auth0, "send-phone-message").name == "second"
