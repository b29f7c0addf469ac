"""Who runs the commands that the documents show, beside the pages that test_guides.py types.

A command is looked up as `shown.same` writes it: `phonemfa` is `python -m phonemfa`, and no
stack's name.
"""

from collections.abc import Mapping
from typing import Final

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
_POLICY_LAST: Final = "tests/end_to_end/test_policy_last.py::"
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
    "python -m phonemfa take-down": (
        f"{_POLICY_LAST}test_what_is_in_the_way_is_said_and_once_settled_all_goes"
    ),
    **dict.fromkeys(
        ("pulumi state delete", "pulumi destroy --target"),
        f"{_POLICY_LAST}test_a_provider_that_was_taken_out_of_the_stack_stays",
    ),
    **dict.fromkeys(
        (
            *("python -m phonemfa fleet preview --all", "python -m phonemfa fleet up --all --yes"),
            "python -m phonemfa fleet up --canary shop-01",
            "python -m phonemfa fleet drift --all --json",
            "python -m phonemfa fleet list --all --shard 3/8",
            "for stack in $(python -m phonemfa fleet list --shard 1/4); do",
        ),
        _FLEET,
    ),
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

_READERS: Final = "the reader's own; a test's desk has another"
_PART: Final = "a part of longer commands that scenarios run"
_TESTS: Final = "takes minutes, and is itself tests"
_LOCKS: Final = "asks registries; tests/tools/test_supply_chain.py holds what it says"
_MEASURES: Final = "a measurement; tests/tools/test_bench.py holds what it measures"
_INDEX: Final = "asks the package index; tests/packaging and tests/sandbox/testing install"
_CLOUD: Final = "needs a client, a key service or a cloud of the reader's own"
NOT_HERE: Final[Mapping[str, str]] = {
    "export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…": _READERS,
    "export PGPASSWORD=…": _READERS,
    "export PULUMI_CONFIG_PASSPHRASE_FILE=…": _READERS,
    "export PHONEMFA_LIVE_DOMAIN=… PHONEMFA_LIVE_CLIENT_ID=… PHONEMFA_LIVE_CLIENT_SECRET=…": (
        _READERS
    ),
    "pulumi login": _READERS,
    "pulumi stack change-secrets-provider": _CLOUD,
    "pulumi config set auth0:clientId …": _CLOUD,
    "pulumi config set --secret auth0:clientSecret": _CLOUD,
    "pulumi deployment run update": _CLOUD,
    **dict.fromkeys(("pulumi import", "pulumi config get", "pulumi config set --secret"), _PART),
    **dict.fromkeys(("make sbom", "make audit", "make licences"), _LOCKS),
    **dict.fromkeys(
        ("make bench", "make bench ARGS=--quick", "make bench ARGS=--fleet"), _MEASURES
    ),
    **dict.fromkeys(
        (
            *("make test", "make check", "make coverage", "make mutation", "make thorough"),
            *("make shaken", "make fidelity", "python -m pytest tests/components tests/tools -q"),
        ),
        _TESTS,
    ),
    "pip install 'phonemfa[health]'": _INDEX,
    "pip install -e ../phonemfa/sandbox/testing": _INDEX,
    "make lock": _INDEX,
    "pack=$(python -c 'import phonemfa.policy as p; print(p.__path__[0])')/__main__.py": (
        "tests/ci/test_day.py finds the pack as this does"
    ),
    "pulumi cancel": "what phonemfa fleet never does",
    "make screenshots": "writes pictures; tests/phonemfa/output/test_page.py opens the same pages",
    "make clean": "removes the virtual environment that the tests run in",
    "make clean up": "removes the virtual environment that the tests run in",
    "python -m phonemfa": "names the command line",
    "python -m phonemfa COMMAND --help": "a pattern; docs/reference/commands.md has each",
    "python -m pip list": "what Pulumi's language host runs by itself at each preview",
    "git checkout": "a part of what rollback prints; tests/phonemfa/rollback has it",
    "git checkout Pulumi.<stack>.yaml": "plain git, in a repository of the reader's",
}
"""What cannot be run in a test, or is no command by itself, with the reason."""
