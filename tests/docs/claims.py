"""Who runs the commands that the documents show.

Owns the four ways in which a command is accounted for. Refuses to run any. A command is looked up
as `shown.same` writes it: `phonemfa` is `python -m phonemfa`, and no stack's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_GUIDES: Final = "tests/end_to_end/test_guides.py::"

RUN: Final[Mapping[str, str]] = {
    "README.md": f"{_GUIDES}test_the_readmes_way_to_a_real_tenant",
    "docs/decisions/policy-pack.md": f"{_GUIDES}test_asides",
    "docs/guides/adopt.md": f"{_GUIDES}test_adopt",
    "docs/guides/drift.md": f"{_GUIDES}test_drift",
    "docs/guides/first-tenant.md": f"{_GUIDES}test_a_first_tenant",
    "docs/guides/incident.md": f"{_GUIDES}test_incident",
    "docs/guides/migrate.md": f"{_GUIDES}test_migrate",
    "docs/guides/narrow-channels.md": f"{_GUIDES}test_narrow_channels",
    "docs/guides/review.md": f"{_GUIDES}test_review",
    "docs/guides/rotate.md": f"{_GUIDES}test_rotate",
    "docs/guides/smoke.md": f"{_GUIDES}test_smoke",
}
"""Pages whose blocks a test types line by line, whatever is in them (`make thorough`)."""

IN_THE_SANDBOX: Final = (
    "make up",
    "source .venv/bin/activate",
    'eval "$(python -m sandbox env --secrets)"',
    "python -m phonemfa doctor --stack sandbox",
    "python -m sandbox env",
    'python -m sandbox pulumi -- preview --policy-pack "$PWD/policy/__main__.py"',
    (
        "curl --cacert .sandbox/ca.pem -X PUT https://localhost:PORT/_sandbox/assumptions "
        "-H 'Content-Type: application/json' -d '{\"second_provider_refused\": false}'"
    ),
    "python -m sandbox switch unified",
    "make down",
)
"""Commands about the sandbox of this checkout, which one test types in this order."""

ASIDES: Final = (
    "pulumi version",
    "pulumi config",
    "pulumi preview --json --show-sames",
    "pulumi preview --json",
    "pulumi up --policy-pack policy/__main__.py",
    "pulumi up --skip-preview",
    "pulumi preview --refresh",
    "pulumi refresh",
    "pulumi refresh --expect-no-changes",
    "python -m phonemfa.break_glass",
    "pulumi destroy",
)
"""Commands that sentences name and no block shows: typed in this order at an applied stack."""


@dataclass(frozen=True, kw_only=True)
class Test:
    """A test that runs the command, and the words in its module with which it does."""

    node: str
    says: str


_STEPS: Final = "tests/ci/test_steps.py::"
_DEPLOYED: Final = f"{_STEPS}test_a_stack_is_deployed_watched_previewed_and_reported"
_FORK: Final = (
    f"{_STEPS}test_a_forks_change_is_previewed_against_a_sandbox_that_has_what_it_goes_into"
)

BY_TEST: Final[Mapping[str, Test]] = {
    "scripts/ci/preview dev build/preview/dev.json": Test(
        node=_DEPLOYED, says='checkout.step("preview", "preview")'
    ),
    "scripts/ci/report build/preview dev": Test(
        node=_DEPLOYED, says='checkout.step("preview", "report")'
    ),
    "scripts/ci/drift dev build/drift/dev.sarif": Test(
        node=_DEPLOYED, says='checkout.step("drift", "drift")'
    ),
    "scripts/ci/sandbox-preview origin/main build/preview/sandbox.json": Test(
        node=_FORK, says="fork"
    ),
    "python -m phonemfa report --comment": Test(
        node="tests/phonemfa/report/test_command.py::"
        "test_a_pull_request_has_one_comment_kept_up_to_date",
        says='"--comment"',
    ),
    'eval "$(phonemfa --show-completion bash)"': Test(
        node="tests/phonemfa/test_completion.py::test_the_script_for_a_shell_is_for_that_name",
        says="source_bash",
    ),
    "make reference": Test(
        node="tests/reference/test_made.py::test_what_is_made_from_the_code_is_current",
        says="texts[name]",
    ),
    "make help": Test(
        node="tests/docs/test_commands.py::test_every_make_target_is_one_and_says_what_it_does",
        says='"make", "help"',
    ),
    "make show-action": Test(
        node="tests/docs/test_commands.py::test_make_show_action_prints_the_deployed_code",
        says='"make", "show-action"',
    ),
    "make live": Test(
        node="tests/end_to_end/test_live_guard.py::"
        "test_the_body_passes_against_a_tenant_given_from_outside_and_leaves_it_empty",
        says="any_tenant",
    ),
}

NOT_HERE: Final[Mapping[str, str]] = {
    "make test": "this test is a part of it",
    "make check": "a part of make test",
    "python -m pytest tests/components tests/reference -q": "a part of make test",
    "make thorough": "the tests of this list's scenarios are a part of it",
    "make fidelity": "takes minutes, and clients from two registries; it is itself tests",
    "make bench": "a measurement; tests/bench holds what it measures",
    "make lock": "asks the package index, and writes requirements.lock",
    "make screenshots": "writes pictures; tests/phonemfa/report/test_page.py opens the same pages",
    "make clean": "removes the virtual environment that the tests run in",
    "make clean up": "removes the virtual environment that the tests run in",
    "pulumi login": "names the sentence's subject: the user's own login, which is not touched",
    "pulumi config get": "names what doctor --check-key calls; test_incident runs that",
    "pulumi config set": "a part of longer commands that scenarios run",
    "pulumi config set --secret": "a part of longer commands that scenarios run",
    "python -m phonemfa COMMAND --help": "a pattern; docs/reference/commands.md has each",
    "python -m pip list": "what Pulumi's language host runs by itself at each preview",
    "git checkout": "a part of what rollback prints; test_operator.py runs it",
    "git checkout Pulumi.<stack>.yaml": "plain git, in a repository of the reader's",
    "git ls-remote https://github.com/actions/checkout 'refs/tags/v*'": "needs GitHub",
    "export PHONEMFA_LIVE_DOMAIN=… PHONEMFA_LIVE_CLIENT_ID=… PHONEMFA_LIVE_CLIENT_SECRET=…": (
        "a real tenant's; tests/end_to_end/test_live_guard.py gives a sandbox's"
    ),
    "export AUTH0_CLIENT_ID=… AUTH0_CLIENT_SECRET=… PULUMI_CONFIG_PASSPHRASE=…": (
        "tests/ci/test_steps.py gives them to the scripts"
    ),
}
"""What cannot be run in a test, or is no command by itself, with the reason."""
