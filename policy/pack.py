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
from policy.model import Declared
from policy.rules import RULES, Rule

NAME = "phonemfa"


def policies() -> list[pulumi_policy.Policy]:
    """Every rule as a policy of the SDK, in the registry's order."""
    return [_policy(rule) for rule in RULES]


def hide_secrets_from_rules() -> None:
    """Have the SDK hand over marks instead of secrets and unknown values.

    The SDK (1.21.0) unwraps every secret before a rule sees it: a rule could print it, and could
    not tell it from plain text. Its unknown values are marks that read like strings. A version of
    the SDK without such a place runs no rule.
    """
    if not hasattr(sdk, "deserialize_properties"):
        raise RuntimeError("this version of pulumi_policy would show secrets to the rules")
    sdk.deserialize_properties = _sealed


def _sealed(props: Mapping[str, Any], _proxy_secrets: bool = False) -> Any:  # noqa: FBT002 - theirs
    return sealed(props)


def _policy(rule: Rule) -> pulumi_policy.Policy:
    def validate(args: Any, report: pulumi_policy.ReportViolation) -> None:
        resources = args.resources if rule.of_stack else [args]
        stack = _stack_of(resources[0].urn) if resources else ""
        context = rule.context(stack, _options(rule, args.get_config()))
        for finding in rule.findings([_declared(one) for one in resources], context):
            report(f"{finding.message}\nFix: {finding.fix}", finding.urn or None)

    kind: Any = (
        pulumi_policy.StackValidationPolicy
        if rule.of_stack
        else pulumi_policy.ResourceValidationPolicy
    )
    schema = {
        name: {"type": "array", "items": {"type": "string"}, "description": option.description}
        for name, option in rule.options.items()
    }
    policy: pulumi_policy.Policy = kind(
        name=rule.name,
        description=rule.description,
        validate=validate,
        enforcement_level=pulumi_policy.EnforcementLevel(rule.level.value),
        config_schema=pulumi_policy.PolicyConfigSchema(schema) if schema else None,
    )
    return policy


def _options(rule: Rule, config: Mapping[str, Any]) -> dict[str, Any]:
    # The engine starts a pack in the pack's folder, with the environment of whoever ran it.
    project = os.environ.get("PHONEMFA_PROJECT") or os.environ.get("PWD") or "."
    return {**config, **production_in(Path(project), rule)}


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
