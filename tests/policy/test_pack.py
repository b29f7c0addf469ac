"""The pack as the engine meets it: a process of its own, over gRPC."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import policy as sdk

from components.tenant.model import _SIGNATURE, UNSEEN, Unseen
from policy.model import Declared
from policy.pack import hide_secrets_from_rules
from policy.rules import RULES
from tests.contract import PROJECT
from tests.policy.resources import UNIFIED, action, component, guardian, provider

MARKED_SECRET = {_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": "canary-in-a-secret"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Analyzer = Any


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Analyzer]:
    """The pack started as the engine starts it: the file itself, told the engine's address."""
    process = subprocess.Popen(
        [PROJECT / "policy" / "__main__.py", "127.0.0.1:1"],
        cwd="/",
        # As the engine's environment has it: the project's Python comes first.
        env=os.environ | {"PATH": f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        process.terminate()
        process.wait()


def wire(value: Any, hidden: Any = MARKED_SECRET) -> Any:
    """A value as the engine sends it; `hidden` is how what cannot be seen is sent."""
    if isinstance(value, Unseen):
        return hidden
    if isinstance(value, dict):
        return {name: wire(member, hidden) for name, member in value.items()}
    return [wire(member, hidden) for member in value] if isinstance(value, list) else value


def sent(resource: Declared, hidden: Any = MARKED_SECRET) -> dict[str, Any]:
    properties = struct_pb2.Struct()
    properties.update(wire(dict(resource.properties), hidden))
    return {
        "type": resource.type,
        "urn": resource.urn.replace("urn:pulumi:t1", "urn:pulumi:prod"),
        "name": resource.name,
        "properties": properties,
        "options": analyzer_pb2.AnalyzerResourceOptions(protect=resource.protect),
    }


def analyzed(analyzer: Analyzer, resource: Declared, hidden: Any = MARKED_SECRET) -> dict[str, str]:
    """The messages about one resource of the stack prod, by rule."""
    answer = analyzer.Analyze(analyzer_pb2.AnalyzeRequest(**sent(resource, hidden)), timeout=120)
    return {one.policyName: one.message for one in answer.diagnostics}


def test_the_engine_is_told_every_rule_with_level_and_options(analyzer: Analyzer) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=120)
    assert info.name == "phonemfa"
    described = [(rule.name, rule.description) for rule in RULES]
    assert [(one.name, one.description) for one in info.policies] == described
    levels = {
        one.name: analyzer_pb2.EnforcementLevel.Name(one.enforcementLevel).lower()
        for one in info.policies
    }
    assert levels == {rule.name: rule.level.value for rule in RULES}
    options = {one.name: set(one.configSchema.properties) for one in info.policies}
    assert options == {rule.name: set(rule.options) for rule in RULES}


@pytest.mark.parametrize("hidden", [MARKED_SECRET, UNKNOWN], ids=["secret", "unknown"])
def test_secrets_and_unknown_values_reach_no_rule(analyzer: Analyzer, hidden: Any) -> None:
    unseen = action(protect=True, code=UNSEEN, runtime=UNSEEN)
    assert analyzed(analyzer, unseen, hidden) == {}


def test_a_secret_in_the_open_is_found_and_not_repeated(analyzer: Analyzer) -> None:
    plain = provider(protect=True, credentials={"authToken": "canary-in-the-open"})
    found = analyzed(analyzer, plain)
    assert list(found) == ["no-plaintext-secret"]
    assert "canary" not in str(found)


def test_the_stack_is_read_from_the_resources_name(analyzer: Analyzer) -> None:
    assert set(analyzed(analyzer, guardian(policy="never"))) == {
        "always-in-production",
        "protected-in-production",
    }


def test_rules_over_the_whole_stack_see_all_of_it(analyzer: Analyzer) -> None:
    def asked(*resources: Declared) -> set[tuple[str, str]]:
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[analyzer_pb2.AnalyzerResource(**sent(one)) for one in resources]
        )
        answer = analyzer.AnalyzeStack(request, timeout=120)
        return {(one.policyName, one.urn.rpartition("::")[2]) for one in answer.diagnostics}

    assert asked(*UNIFIED) == set()
    assert asked() == set()
    assert asked(*UNIFIED, provider("second")) == {("one-sender-per-channel", "second")}
    assert asked(provider(), guardian()) == {("one-sender-per-channel", "")}


def test_a_stacks_config_reaches_the_rules(analyzer: Analyzer) -> None:
    def configure(**options: list[str]) -> None:
        properties = struct_pb2.Struct()
        properties.update(options)
        config = analyzer_pb2.PolicyConfig(
            enforcementLevel=analyzer_pb2.ADVISORY, properties=properties
        )
        request = analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={"country-allow-list": config})
        analyzer.Configure(request, timeout=120)

    abroad = component(allowedPrefixes=["+82"])
    assert "sends to +82" in analyzed(analyzer, abroad)["country-allow-list"]
    configure(allowed=["+82"])
    assert analyzed(analyzer, abroad) == {}
    configure()
    assert "sends to +82" in analyzed(analyzer, abroad)["country-allow-list"]


def test_a_version_of_the_sdk_that_would_show_secrets_runs_no_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(sdk, "deserialize_properties")
    with pytest.raises(RuntimeError, match="would show secrets"):
        hide_secrets_from_rules()
