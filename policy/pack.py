"""The rules as policies of Pulumi's SDK, for the engine.

Levels and options come from the engine (`--policy-pack-config`, levels.py).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi_policy
from pulumi_policy import policy as sdk

from components.tenant.model import sealed
from policy.levels import production_in
from policy.model import Declared, Finding, Level
from policy.rules import RULES, Rule

NAME = "phonemfa"


def policies() -> list[pulumi_policy.Policy]:
    """Every rule as a policy of the SDK, in the registry's order."""
    return [_stack(rule) if rule.of_stack else _resource(rule) for rule in RULES]


def hide_secrets_from_rules() -> None:
    """Have the SDK hand over marks instead of secrets and unknown values.

    The SDK (1.21.0) unwraps every secret before a rule sees it: a rule could print it, and could
    not tell it from plain text. Its unknown values are marks that read like strings.

    Raises:
        RuntimeError: the SDK has no such place any more; nothing may run then.
    """
    if not hasattr(sdk, "deserialize_properties"):
        raise RuntimeError("this version of pulumi_policy would show secrets to the rules")
    sdk.deserialize_properties = _sealed


def _sealed(props: Mapping[str, Any], _proxy_secrets: bool = False) -> Any:  # noqa: FBT002 - theirs
    return sealed(props)


def _resource(rule: Rule) -> pulumi_policy.Policy:
    def validate(
        args: pulumi_policy.ResourceValidationArgs, report: pulumi_policy.ReportViolation
    ) -> None:
        context = rule.context(_stack_of(args.urn), _options(rule, args.get_config()))
        for finding in rule.check(_declared(args), context):
            report(_words(finding), None)

    return pulumi_policy.ResourceValidationPolicy(validate=validate, **_metadata(rule))


def _stack(rule: Rule) -> pulumi_policy.Policy:
    def validate(
        args: pulumi_policy.StackValidationArgs, report: pulumi_policy.ReportViolation
    ) -> None:
        stack = _stack_of(args.resources[0].urn) if args.resources else ""
        declared = [_declared(one) for one in args.resources]
        for finding in rule.check(declared, rule.context(stack, _options(rule, args.get_config()))):
            report(_words(finding), finding.urn or None)

    return pulumi_policy.StackValidationPolicy(validate=validate, **_metadata(rule))


def _options(rule: Rule, config: Mapping[str, Any]) -> dict[str, Any]:
    # The engine starts a pack in the pack's folder, with the environment of whoever ran it.
    project = os.environ.get("PHONEMFA_PROJECT") or os.environ.get("PWD") or "."
    return {**config, **production_in(Path(project), rule)}


def _metadata(rule: Rule) -> dict[str, Any]:
    schema = {
        name: {"type": "array", "items": {"type": "string"}, "description": option.description}
        for name, option in rule.options.items()
    }
    return {
        "name": rule.name,
        "description": rule.description,
        "enforcement_level": _LEVELS[rule.level],
        "config_schema": pulumi_policy.PolicyConfigSchema(schema) if schema else None,
    }


_LEVELS: Mapping[Level, pulumi_policy.EnforcementLevel] = {
    level: pulumi_policy.EnforcementLevel(level.value) for level in Level
}


def _declared(
    resource: pulumi_policy.ResourceValidationArgs | pulumi_policy.PolicyResource,
) -> Declared:
    return Declared(
        urn=resource.urn,
        type=resource.resource_type,
        properties=resource.props,
        protect=bool(resource.opts.protect),
    )


def _stack_of(urn: str) -> str:
    # urn:pulumi:<stack>::<project>::<types>::<name>
    return urn.split("::", maxsplit=1)[0].rpartition(":")[2]


def _words(finding: Finding) -> str:
    return f"{finding.message}\nFix: {finding.fix}"
