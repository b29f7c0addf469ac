"""One Auth0 tenant: its resources put together, its two generations, reset, export and import."""

import time
from sqlite3 import ProgrammingError
from typing import Any

from sandbox.tenant import clients as clients_module
from sandbox.tenant.actions.bindings import Bindings
from sandbox.tenant.actions.rules import Actions, trigger_of
from sandbox.tenant.actions.triggers import TRIGGER_IDS
from sandbox.tenant.actions.versions import DeployedAction, Versions
from sandbox.tenant.assumptions import Assumptions
from sandbox.tenant.clients import Clients, Credentials
from sandbox.tenant.clock import Clock, Stamper
from sandbox.tenant.context import Context, Page
from sandbox.tenant.custom_domains import CustomDomains
from sandbox.tenant.errors import ApiError
from sandbox.tenant.factor_settings import NAMES, FactorSettings
from sandbox.tenant.guardian import Guardian
from sandbox.tenant.logs import KEPT, Logs
from sandbox.tenant.mfa_settings import FACTORS as MFA_CODES
from sandbox.tenant.mfa_settings import MfaSettings
from sandbox.tenant.phone_providers import PhoneProviders, covers
from sandbox.tenant.phone_templates import BODIES, PhoneTemplates
from sandbox.tenant.settings import KEY, SINGLETONS, UNIFIED_FLAG, Generation, Settings
from sandbox.tenant.store import Store

Document = dict[str, Any]
Content = dict[str, dict[str, Document]]

CUSTOM_PHONE_PROVIDER = "custom-phone-provider"
_IDENTITY = frozenset({clients_module.COLLECTION, clients_module.KEYS})
"""What a reset keeps: who may call, and tokens that were already handed out."""


_UNREADABLE = (
    *(ApiError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
    ProgrammingError,
)
"""What reading content may end in that is no export: its times may be beyond any calendar, its ids
no texts."""


class Tenant:
    """A tenant's state, and its rules in groups: one for each family of resources."""

    def __init__(
        self,
        store: Store,
        *,
        domain: str,
        generation: Generation = "unified",
        name: str = "phonemfa-sandbox",
        credentials: Credentials | None = None,
        clock: Clock = time.time_ns,
        assumptions: Assumptions | None = None,
    ) -> None:
        """Open the tenant in this store, creating it where the store is empty.

        Args:
            store: one that has a tenant already keeps it, generation included.
            domain: host[:port] under which clients reach it; issuer and audience follow from it.
            name: the `tenant` that branding objects carry.
            credentials: the default client's; kept from earlier, else made up.
        """
        self.domain = domain
        self.issuer = f"https://{domain}/"
        """Who signs this tenant's tokens."""
        self.audience = f"{self.issuer}api/v2/"
        """The Management API's identifier."""
        self.clock = clock
        self.context = Context(
            store=store,
            stamp=Stamper(clock),
            name=name,
            assumptions=assumptions or Assumptions(),
        )
        self._store = store
        self.transaction = store.transaction
        """Several rules as one: all of their effects, or none."""
        self.clients = Clients(self.context)
        self.settings = Settings(self.context)
        self.custom_domains = CustomDomains(self.context)
        self.actions = Actions(self.context)
        self.versions = Versions(self.context, self.actions)
        self.bindings = Bindings(self.context, self.actions)
        self.factor_settings = FactorSettings(self.context)
        self.mfa_settings = MfaSettings(self.context)
        self.guardian = Guardian(
            self.context,
            unified=lambda: self.settings.unified,
            # The guardian's rules and the provider's ask each other.
            provider=lambda: self.providers.current(),  # noqa: PLW0108 - not there yet
            codes=self.mfa_settings,
        )
        self.providers = PhoneProviders(
            self.context,
            has_deployed_action=lambda: self.deployed_action(CUSTOM_PHONE_PROVIDER) is not None,
            enabled_message_types=self.guardian.message_types,
            factor_enabled=lambda: self.guardian.factor_enabled("sms"),
        )
        self.templates = PhoneTemplates(self.context)
        self.logs = Logs(
            self.context,
            numbers_in_clear=lambda: bool(
                self.settings.get()["flags"].get("disable_management_api_sms_obfuscation")
            ),
        )
        self.actions.when_deleted.insert(0, self._protect_action_in_use)
        self.settings.when_switched_on.append(self._check_switched_on)
        with store.transaction():
            if store.get(SINGLETONS, KEY) is None:
                self.settings.initialise(generation)
            known = self.clients.default()
            if credentials is not None or known is None:
                if known is not None:
                    store.delete(clients_module.COLLECTION, known.client_id)
                self.clients.add(credentials or Credentials(), default=True)

    @property
    def credentials(self) -> Credentials:
        found = self.clients.default()
        assert found is not None  # noqa: S101 - made at birth, kept by every reset
        return found

    @property
    def generation(self) -> Generation:
        return "unified" if self.settings.unified else "legacy"

    @property
    def assumptions(self) -> Assumptions:
        return self.context.assumptions

    @assumptions.setter
    def assumptions(self, wanted: Assumptions) -> None:
        self.context.assumptions = wanted

    def reset(self, generation: Generation | None = None) -> None:
        """Back to a new tenant; the default client and tokens stay valid."""
        with self._store.transaction():
            wanted = generation or self.generation
            self._store.clear(keep=_IDENTITY)
            self.clients.forget_added()
            self.settings.initialise(wanted)
        self.logs.archive.clear()
        self.context.builds.scripted.clear()

    def switch(self, generation: Generation) -> None:
        """Change the experience as a dashboard would."""
        self.settings.patch({UNIFIED_FLAG: generation == "unified"})

    def export(self) -> Content:
        """The tenant's content, secrets in clear, without clients and keys."""
        content = self._store.export()
        return {name: docs for name, docs in content.items() if name not in _IDENTITY}

    def load(self, content: Content) -> None:
        """Replace the tenant's content by an earlier export.

        Raises ApiError: 400 if something in it cannot be read as what it should be; then the
        earlier content stays.
        """
        with self._store.transaction():
            self._store.clear(keep=_IDENTITY)
            for collection, documents in content.items():
                if collection in _IDENTITY:
                    continue
                for key, document in documents.items():
                    self._store.put(collection, key, document)
            if self._store.get(SINGLETONS, KEY) is None:
                self.settings.initialise("unified")
            try:
                self._read_everything()
            except _UNREADABLE as error:
                message = f"The content is not an export of this sandbox: {error!r}"
                raise ApiError(400, message) from error

    def _read_everything(self) -> None:
        """Every answer there is to a read, to find content that would break one."""
        everything = Page(per_page=1_000_000)
        for action in self.actions.listing(everything)["actions"]:
            self.versions.listing(action["id"], everything)
        for trigger_id in TRIGGER_IDS:
            self.bindings.listing(trigger_id, everything)
            self.deployed_action(trigger_id)
        self.providers.listing()
        for message_type in BODIES:
            self.templates.effective(message_type)
        self.templates.listing()
        self.settings.get()
        self.guardian.read_everything()
        for name in NAMES:
            self.factor_settings.get(name)
        self.mfa_settings.remembering()
        for channel in MFA_CODES.values():
            self.mfa_settings.codes(channel)
        self.logs.listing(per_page=KEPT)

    def _check_switched_on(self) -> None:
        if not (self.assumptions.unified_switch_checked and self.guardian.factor_enabled("sms")):
            return
        provider = self.providers.current()
        if provider is None or not covers(provider, self.guardian.message_types()):
            raise ApiError(409, "The phone provider does not cover the enabled message types.")

    def _protect_action_in_use(self, action: Document, force: bool) -> None:
        provider = self.providers.current()
        if (
            self.assumptions.delete_action_in_use_refused
            and not force
            and provider is not None
            and provider["name"] == "custom"
            and not provider["disabled"]
            and trigger_of(action) == CUSTOM_PHONE_PROVIDER
        ):
            raise ApiError(409, "Unable to delete an action used by the phone provider.")

    def deployed_action(self, trigger_id: str) -> DeployedAction | None:
        """The deployed Action that runs for a trigger, or None.

        A custom phone provider runs the one Action of its trigger; whether it has to be bound is
        an assumption. Any other trigger runs what is bound to it, the first in order.
        """
        if bound := self.bindings.of(trigger_id):
            candidates = [self.actions.stored(one["action_id"]) for one in bound]
        elif (
            trigger_id != CUSTOM_PHONE_PROVIDER
            or self.assumptions.custom_phone_provider_binding == "required"
        ):
            return None
        else:
            candidates = [one for one in self.actions.all() if trigger_of(one) == trigger_id]
        running = (self.versions.running(one) for one in candidates)
        return next((one for one in running if one is not None), None)

    def factor_enabled(self, name: str) -> bool:
        return self.guardian.factor_enabled(name)

    def message_types(self) -> list[str]:
        return self.guardian.message_types()

    def otp_length(self) -> int:
        return int(self.mfa_settings.codes("phone")["otp_length"])

    def policies(self) -> list[str]:
        return self.guardian.policies()
