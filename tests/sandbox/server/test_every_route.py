"""Every route of every listener refuses whoever has nothing, and whoever comes from elsewhere."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from sandbox.server.running import RunningSandbox
from sandbox.tenant.operation import BASE
from sandbox.tenant.routes import OPERATIONS
from sandbox.web.guard import ApiGuard, PagesGuard

FOREIGN = ({"host": "evil.test"}, {"origin": "http://evil.test"})


def routes_of(guard: ApiGuard | PagesGuard) -> Iterator[tuple[str, str]]:
    """Method and path of what an application registered."""
    assert isinstance(guard.app, Starlette)
    for route in guard.app.routes:
        if isinstance(route, Mount):
            # The tenant's mounts are those of the Management API and of unknown control routes.
            yield from ((method, f"{route.path}/x") for method in ("GET", "POST"))
        else:
            assert isinstance(route, Route), route
            for method in sorted(route.methods or ()):
                yield method, re.sub(r"{[^}]+}", "x", route.path)


def every_route(running: RunningSandbox) -> Iterator[tuple[str, str, str]]:
    """Address, method and path of all that this sandbox serves."""
    parts = running.parts
    for address, guard in (
        (running.tenant_url, parts.tenant_app),
        (running.cpaas_url, parts.cpaas_app),
        (running.pages_url, parts.pages_app),
    ):
        yield from ((address, method, path) for method, path in routes_of(guard))
    for one in OPERATIONS:
        path = one.path.replace("{triggerId}", "post-login").replace("{name}", "sms")
        yield running.tenant_url, one.method, BASE + re.sub(r"{[^}]+}", "x", path)
    yield running.tenant_url, "POST", "/oauth/token"


def client_of(running: RunningSandbox, **headers: str) -> httpx.Client:
    trust = ssl.create_default_context(cafile=running.ca_file)
    return httpx.Client(verify=trust, trust_env=False, headers=headers)


def test_nobody_gets_anything_without_a_secret(running: RunningSandbox) -> None:
    found = list(every_route(running))
    assert len(found) > 120, "the walk finds all listeners"
    before = running.parts.tenant.export()
    with client_of(running) as http:
        for address, method, path in found:
            answer = http.request(method, address + path, json={} if method != "GET" else None)
            told = (address, method, path, answer.status_code)
            if path == "/x" and address == running.tenant_url:
                assert answer.status_code == 404, told  # nothing is there
            elif path == "/oauth/token":
                assert answer.status_code == 400, told  # without a secret to look at
            else:
                assert answer.status_code in {401, 403}, told
    assert running.parts.tenant.export() == before


def test_nothing_is_answered_to_another_name_or_site(
    running: RunningSandbox,
) -> None:
    with client_of(running, **running.control_headers) as http:
        for address, method, path in every_route(running):
            for headers in FOREIGN:
                answer = http.request(method, address + path, headers=headers)
                assert answer.status_code == 403, (address, method, path, headers)


def test_the_token_is_the_owners_alone_and_no_answer_repeats_it(running: RunningSandbox) -> None:
    file: Path = running.state_dir / "control-token"
    assert file.stat().st_mode & 0o777 == 0o600
    token = file.read_text()
    assert running.control_headers == {"x-sandbox-token": token}
    with client_of(running, **running.control_headers) as http:
        for address, method, path in every_route(running):
            if method == "GET" and "events" not in path:
                answer = http.get(address + path)
                assert answer.status_code not in {403, 500}, (address, path)
                assert token not in answer.text
                assert token not in str(answer.headers)
