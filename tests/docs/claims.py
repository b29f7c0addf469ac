"""Who runs the commands that the documents show, in four tables.

A command is looked up as `shown.same` writes it: `phonemfa` is `python -m phonemfa`, and no
stack's name.
"""

from collections.abc import Mapping
from typing import Final

_GUIDES: Final = "tests/end_to_end/test_guides.py::"

RUN: Final[Mapping[str, str]] = {
    "README.md": f"{_GUIDES}test_the_readmes_way_to_a_real_tenant",
    "docs/decisions/policy-pack.md": f"{_GUIDES}test_asides",
    "docs/guides/adopt.md": f"{_GUIDES}test_adopt",
    "docs/guides/drift.md": f"{_GUIDES}test_drift",
    "docs/guides/first-tenant.md": f"{_GUIDES}test_a_first_tenant",
    "docs/guides/incident.md": f"{_GUIDES}test_incident",
    "docs/guides/lost.md": f"{_GUIDES}test_what_is_lost_is_made_anew",
    "docs/guides/migrate.md": f"{_GUIDES}test_migrate",
    "docs/guides/narrow-channels.md": f"{_GUIDES}test_narrow_channels",
    "docs/guides/review.md": f"{_GUIDES}test_review",
    "docs/guides/rotate.md": f"{_GUIDES}test_rotate",
    "docs/guides/smoke.md": f"{_GUIDES}test_smoke",
    "docs/guides/try-a-stack.md": f"{_GUIDES}test_a_stack_of_ones_own",
}
"""Pages whose blocks a test types line by line, whatever is in them (`make thorough`)."""

IN_THE_SANDBOX: Final = (
    "make up",
    "make status",
    "source .venv/bin/activate",
    'eval "$(.venv/bin/python -m sandbox env --secrets)"',
    "python -m sandbox phonemfa -- doctor",
    "python -m sandbox env",
    "python -m sandbox env --secrets",
    'python -m sandbox pulumi -- preview --policy-pack "$PWD/policy/__main__.py"',
    (
        "curl --cacert .sandbox/ca.pem -X PUT https://localhost:PORT/_sandbox/assumptions "
        '-H "x-sandbox-token: $(cat .sandbox/control-token)" '
        "-H 'Content-Type: application/json' -d '{\"second_provider_refused\": false}'"
    ),
    "python -m sandbox phonemfa -- drift",
    "python -m sandbox phonemfa -- drift --repair",
    "python -m sandbox pulumi -- up",
    "make up ARGS=--send",
    "python -m sandbox start",
    "python -m sandbox switch unified",
    "make down",
)
"""Commands about the sandbox of this checkout, which one test types in this order."""

ASIDES: Final = (
    "pulumi version",
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


_FLEET: Final = (
    "tests/phonemfa/fleet/test_command.py::test_each_command_of_the_guide_goes_as_far_as_the_engine"
)
_HEALTHY: Final = (
    "tests/phonemfa/health/test_command.py::test_a_good_day_is_well_and_only_read_with_one_scope"
)
_DRIFTED: Final = (
    "tests/sandbox/cli/test_up.py::test_drift_that_was_made_by_hand_is_found_and_repaired"
)
_DAY: Final = "tests/ci/test_day.py::test_a_day_with_a_repository_of_ones_own"

_SCRIPTED: Final = (
    "tests/sandbox/cpaas/test_app.py::test_scripted_answers_are_used_once_in_order_and_by_channel"
)
_COMPLETION: Final = "tests/phonemfa/test_cli.py::test_the_script_for_a_shell_is_for_that_name"
_BACKENDS: Final = "tests/end_to_end/test_team_state.py::"
BY_TEST: Final[Mapping[str, str]] = {
    "pulumi login 's3://your-bucket?region=ap-northeast-1'": (
        f"{_BACKENDS}test_a_whole_life_on_a_teams_store"
    ),
    "pulumi login 'postgres://pulumi@db.example.jp:5432/pulumi_state?sslmode=verify-full'": (
        f"{_BACKENDS}test_a_whole_life_on_a_teams_store"
    ),
    "pulumi stack init prod --secrets-provider 'awskms://alias/phonemfa?region=ap-northeast-1'": (
        f"{_BACKENDS}test_a_kms_key_needs_no_passphrase"
    ),
    "pulumi up --json": _FLEET,
    "python -m phonemfa take-down": "tests/end_to_end/test_policy_last.py::"
    "test_what_is_in_the_way_is_said_and_once_settled_all_goes",
    "pulumi state delete": "tests/end_to_end/test_policy_last.py::"
    "test_a_provider_that_was_taken_out_of_the_stack_stays",
    "pulumi destroy --target": "tests/end_to_end/test_policy_last.py::"
    "test_a_provider_that_was_taken_out_of_the_stack_stays",
    "python -m phonemfa fleet preview --all": _FLEET,
    "python -m phonemfa fleet up --canary shop-01": _FLEET,
    "python -m phonemfa fleet up --all --yes": _FLEET,
    "python -m phonemfa fleet drift --all --json": _FLEET,
    "python -m phonemfa fleet list --all --shard 3/8": _FLEET,
    "for stack in $(python -m phonemfa fleet list --shard 1/4); do": _FLEET,
    "make dist": "tests/packaging/test_distributions.py::"
    "test_the_source_distribution_makes_the_same_wheel",
    "pip install 'dist/phonemfa-0.1.0-py3-none-any.whl[cli]'": _DAY,
    'pulumi preview --policy-pack "$pack"': _DAY,
    "python -m sandbox drift": _DRIFTED,
    "python -m phonemfa health": _HEALTHY,
    "python -m sandbox phonemfa -- health": _HEALTHY,
    "python -m sandbox traffic voicemail": "tests/sandbox/traffic/test_play.py::"
    "test_a_day_is_played_by_the_command",
    "python -m sandbox drift policy-switched": _DRIFTED,
    "python -m sandbox drift undo": _DRIFTED,
    "python -m phonemfa new company-login": _DAY,
    'curl --cacert "$SSL_CERT_FILE" https://$PHONEMFA_CPAAS_ADDRESS/_sandbox/answers '
    '-H "x-sandbox-token: $SANDBOX_TOKEN" --json '
    '\'{"answers": [{"status": 429}, {"status": 429}, '
    '{"refusal": "REJECTED_SOURCE"}]}\'': _SCRIPTED,
    "python -m phonemfa report --comment": "tests/phonemfa/report/test_command.py::"
    "test_a_pull_request_has_one_comment_kept_up_to_date",
    'eval "$(phonemfa --show-completion bash)"': _COMPLETION,
    "make reference": "tests/tools/test_made.py::test_what_is_made_from_the_code_is_current",
    "make help": "tests/docs/test_commands.py::test_every_make_target_is_one_and_says_what_it_does",
    "make show-action": "tests/docs/test_commands.py::"
    "test_make_show_action_prints_the_deployed_code",
    "make live": "tests/end_to_end/test_live_guard.py::"
    "test_the_body_passes_at_a_tenant_and_leaves_it_empty",
}

NOT_HERE: Final[Mapping[str, str]] = {
    "pip install 'phonemfa[health]'": "of a version that is published one day",
    "export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…": "the reader's; a test has its own",
    "export PGPASSWORD=…": "the reader's; a test has its own",
    "export PULUMI_CONFIG_PASSPHRASE_FILE=…": "the reader's; every desk has its own",
    "pulumi stack change-secrets-provider": "needs the reader's key service",
    "pulumi import": "a part of what test_adopt types",
    "make sbom": "reads every lock; tests/tools/test_supply_chain.py holds what it writes",
    "make audit": "asks the registries; tests/tools/test_supply_chain.py holds what it says",
    "make licences": "tests/tools/test_supply_chain.py asks the same",
    "make coverage": "takes minutes, and is itself tests",
    "make mutation": "takes minutes, and is itself tests",
    "make bench ARGS=--quick": "a measurement; tests/tools/test_bench.py holds what it measures",
    "make bench ARGS=--fleet": "a measurement; tests/tools/test_bench.py holds what it measures",
    "python -m phonemfa": "names the command line",
    "pip install -e ../phonemfa/sandbox/testing": (
        "asks the package index; tests/sandbox/testing runs the plugin"
    ),
    "pack=$(python -c 'import phonemfa.policy as p; print(p.__path__[0])')/__main__.py": (
        "tests/ci/test_day.py finds the pack as this does"
    ),
    "pulumi cancel": "what phonemfa fleet never does",
    "pulumi config set auth0:clientId …": "a client of the reader's own",
    "pulumi config set --secret auth0:clientSecret": "a client of the reader's own",
    "pulumi deployment run update": "needs Pulumi Cloud",
    "make test": "this test is a part of it",
    "make check": "a part of make test",
    "python -m pytest tests/components tests/tools -q": "a part of make test",
    "make thorough": "the tests of this list's scenarios are a part of it",
    "make shaken": "runs the tests of make test, this one too",
    "make fidelity": "takes minutes, and clients from two registries; it is itself tests",
    "make bench": "a measurement; tests/tools/test_bench.py holds what it measures",
    "make lock": "asks the package index, and writes requirements.lock",
    "make screenshots": "writes pictures; tests/phonemfa/output/test_page.py opens the same pages",
    "make clean": "removes the virtual environment that the tests run in",
    "make clean up": "removes the virtual environment that the tests run in",
    "pulumi login": "names the sentence's subject: the user's own login, which is not touched",
    "pulumi config get": "names what doctor --check-key calls; test_incident runs that",
    "pulumi config set --secret": "a part of longer commands that scenarios run",
    "python -m phonemfa COMMAND --help": "a pattern; docs/reference/commands.md has each",
    "python -m pip list": "what Pulumi's language host runs by itself at each preview",
    "git checkout": "a part of what rollback prints; tests/phonemfa/rollback has it",
    "git checkout Pulumi.<stack>.yaml": "plain git, in a repository of the reader's",
    "export PHONEMFA_LIVE_DOMAIN=… PHONEMFA_LIVE_CLIENT_ID=… PHONEMFA_LIVE_CLIENT_SECRET=…": (
        "a real tenant's; tests/end_to_end/test_live_guard.py gives a sandbox's"
    ),
}
"""What cannot be run in a test, or is no command by itself, with the reason."""
