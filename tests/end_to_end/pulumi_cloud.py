"""A stand-in of Pulumi Cloud for the real CLI: one stack without state, and ESC environments.

Written from what CLI 3.259 asks for; everything else is answered 404. It encrypts nothing.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from tests.phonemfa.github_stand_in import serving

SECRET = "cpaasApiKey"
"""What an environment keeps as a secret."""


class PulumiCloud:
    """The stack `acme/<project>/t1`; each of the environments has values by config key.

    Attributes:
        running: the update that holds the stack.
    """

    def __init__(self, project: str, environments: Mapping[str, Mapping[str, Any]]) -> None:
        self.stack = f"acme/{project}/t1"
        self.environments = environments
        self.running: dict[str, Any] | None = None
        self._opened: dict[str, Any] = {}

    @contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """Serve it; the variables with which a CLI uses it."""
        with serving(self) as address:
            yield {"PULUMI_BACKEND_URL": address, "PULUMI_ACCESS_TOKEN": "canary-token"}

    def __call__(self, request: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        body = request["wsgi.input"].read(int(request.get("CONTENT_LENGTH") or 0))
        if request.get("HTTP_CONTENT_ENCODING") == "gzip":
            body = gzip.decompress(body)
        path = request["PATH_INFO"].removeprefix("/api/")
        route = (
            path.replace(self.stack, "*").removesuffix("/events/batch").removesuffix("/complete")
        )
        answer = self._routes(json.loads(body or "{}")).get(route)
        status = "404 Not Found" if answer is None else "200 OK"
        start(status, [("Content-Type", "application/json")])
        return [json.dumps({"message": "Not Found"} if answer is None else answer).encode()]

    def _routes(self, asked: dict[str, Any]) -> dict[str, Any]:
        organisation, project, name = self.stack.split("/")
        for one in asked.get("imports", ()):
            self._opened |= self.environments[one]
        values = {
            key: told(value) | {"secret": key.endswith(SECRET)}
            for key, value in self._opened.items()
        }
        opened = {"properties": {"pulumiConfig": {"value": values}}}
        return {
            "user": {"githubLogin": organisation, "organizations": []},
            "user/organizations/default": {"gitHubLogin": organisation},
            "capabilities": {"capabilities": []},
            f"esc/environments/{organisation}/yaml/check": opened,
            f"esc/environments/{organisation}/yaml/open": {"id": "1"},
            f"esc/environments/{organisation}/yaml/open/1": opened,
            "stacks/*": {
                "orgName": organisation,
                "projectName": project,
                "stackName": name,
                "currentOperation": self.running,
            },
            "stacks/*/encrypt": {"ciphertext": asked.get("plaintext")},
            "stacks/*/export": {"version": 3, "deployment": None},
            "stacks/*/preview": {"updateID": "1"},
            "stacks/*/update/1": {"version": 1, "token": "t"},
            "stacks/*/update/1/events/batch": {},
            "stacks/*/update/1/complete": {"version": 1},
        }


def told(value: Any) -> dict[str, Any]:
    """A value as ESC tells it: each entry of a list is one too."""
    return {"value": [told(one) for one in value] if isinstance(value, list) else value}
