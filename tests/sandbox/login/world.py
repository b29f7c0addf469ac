"""Logins at a tenant that can send, with a runner made by hand and a clock."""

import asyncio
from typing import Any

from sandbox.login.assumptions import LoginAssumptions
from sandbox.login.sessions import Login, LoginDesk
from sandbox.tenant import Generation
from tests.sandbox.notifications.fakes import Pipeline, a_tenant

NUMBER = "+819012345678"


class LoginWorld(Pipeline):
    """A tenant, its desk, and who logs in there. Codes are 000001, 000002 and so on."""

    def __init__(self, generation: Generation = "unified", **assumptions: Any) -> None:
        super().__init__(a_tenant(generation), retry_delay=0)
        self.tenant.guardian.set_policies(["all-applications"])
        self.store = self.tenant.context.store
        self.sent = 0
        self.desk = self.a_desk(**assumptions)

    def a_desk(self, **assumptions: Any) -> LoginDesk:
        return LoginDesk(
            self.tenant,
            self.store,
            self.service,
            assumptions=LoginAssumptions(**assumptions),
            now=lambda: self.now,
        )

    def new_code(self, digits: int) -> str:
        self.sent += 1
        return f"{self.sent:0{digits}d}"

    def codes(self, *, seconds: int) -> None:
        """How long a code can be entered."""
        codes = {"otp_length": 6, "otp_expiration_time": seconds}
        self.tenant.mfa_settings.write_codes("phone", codes)

    def enrol(self, login: Login, number: str = NUMBER, method: str = "text") -> Login:
        return asyncio.run(self.desk.enrol(login.id, number=number, method=method))

    def send(self, login: Login, method: str = "text") -> Login:
        return asyncio.run(self.desk.send(login.id, method=method))

    def newest(self, login: Login) -> str:
        """The code that is to be entered."""
        return login.issued[-1].value

    def enrolled(self, name: str = "Hanako") -> Login:
        """A user with a phone, who has logged in once."""
        login = self.enrol(self.desk.begin(name))
        return self.desk.enter(login.id, self.newest(login))

    def challenged(self, name: str = "Hanako") -> Login:
        """A login of an enrolled user to whom a code was sent."""
        self.enrolled(name)
        return self.send(self.desk.begin(name))
