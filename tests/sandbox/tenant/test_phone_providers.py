"""The phone provider (management-api.md §5.1)."""

import pytest

from sandbox.tenant import Tenant
from tests.sandbox.tenant.support import custom_provider, deployed, refused, twilio_provider

BAD_OPERATION = "Bad Operation on Notification Resource"


def test_lists_can_be_filtered(auth0: Tenant) -> None:
    auth0.providers.create(twilio_provider() | {"disabled": True})
    assert len(auth0.providers.listing(disabled=True)["providers"]) == 1
    assert auth0.providers.listing(disabled=False) == {"providers": []}


class TestCustom:
    def test_it_stays_when_its_action_goes(self, auth0: Tenant) -> None:
        action_id = deployed(auth0)
        with refused(400, BAD_OPERATION):
            auth0.providers.create({"name": "custom", "credentials": {}})
        made = auth0.providers.create(custom_provider())
        auth0.actions.delete(action_id)
        changed = auth0.providers.update(made["id"], {"name": "custom", "disabled": True})
        assert changed["disabled"] is True

    def test_the_shapes_are_not_tied_to_the_name(self, auth0: Tenant) -> None:
        deployed(auth0)
        made = auth0.providers.create(custom_provider())
        with refused(400, BAD_OPERATION):
            auth0.providers.update(made["id"], {"name": "twilio"})
        auth0.providers.update(made["id"], twilio_provider())
        changed = auth0.providers.update(made["id"], twilio_provider() | {"name": "custom"})
        assert changed["id"] == made["id"]
        assert changed["configuration"]["sid"] == "sid"


class TestTwilio:
    @pytest.mark.parametrize("absent", ["sid", "default_from"])
    def test_it_must_be_able_to_send(self, auth0: Tenant, absent: str) -> None:
        body = twilio_provider()
        del body["configuration"][absent]
        with refused(400, BAD_OPERATION):
            auth0.providers.create(body)
        assert auth0.phone_provider() is None

    def test_a_messaging_service_is_as_good_as_a_number(self, auth0: Tenant) -> None:
        body = twilio_provider(mssid="ms")
        del body["configuration"]["default_from"]
        auth0.providers.create(body)


def test_the_time_of_change_moves_even_within_a_millisecond(auth0: Tenant) -> None:
    made = auth0.providers.create(twilio_provider())
    times = [made["updated_at"]]
    times += [auth0.providers.update(made["id"], {"disabled": True})["updated_at"] for _ in "abc"]
    assert sorted(set(times)) == times
