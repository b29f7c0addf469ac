"""What could go wrong when this stack is applied to this tenant: all checks, in order."""

from collections.abc import Iterator
from importlib.metadata import version

from components.settings.model import StackSettings
from phonemfa.doctor import access, login, messages, parts
from phonemfa.doctor.findings import Finding, Subject, looked
from phonemfa.doctor.reading import Reading


def installed_sdk() -> str:
    """The version of pulumi-auth0 that is installed beside this command."""
    return version("pulumi-auth0")


def check(reading: Reading, settings: StackSettings, *, sdk: str = "") -> list[Finding]:
    """Every finding about tenant and stack, in the order in which `pulumi up` would meet them.

    `sdk` is the version of pulumi-auth0; without it, the installed one.
    """
    sdk = sdk or installed_sdk()
    found = [
        one
        for subject, findings in _questions(reading, settings, sdk)
        for one in looked(subject, findings)
    ]
    return list(dict.fromkeys(found))


def _questions(
    reading: Reading, settings: StackSettings, sdk: str
) -> Iterator[tuple[Subject, Iterator[Finding]]]:
    """Each check with its subject, so that what one cannot see ends no other."""
    yield Subject.TOKEN, access.token_checks(reading)
    if not reading.unreachable:
        yield from _of_tenant(reading, settings, sdk)
    yield Subject.TEXTS, messages.text_checks(reading, settings)
    yield Subject.SENDERS, messages.sender_checks(settings)


def _of_tenant(
    reading: Reading, settings: StackSettings, sdk: str
) -> Iterator[tuple[Subject, Iterator[Finding]]]:
    yield Subject.SCOPES, access.scope_checks(reading, settings)
    yield Subject.PLAN, access.plan_checks(reading, settings)
    yield Subject.RATE_LIMIT, access.rate_checks(reading, settings, sdk)
    yield Subject.GENERATION, parts.generation_checks(reading, settings)
    if settings.adopted:
        yield Subject.ACTION, iter([parts.AS_FOUND])
    else:
        yield Subject.ACTION, parts.action_checks(reading, settings)
        yield Subject.BINDINGS, parts.binding_checks(reading, settings)
        yield Subject.PROVIDER, parts.provider_checks(reading, settings)
        yield Subject.PROVIDER, parts.legacy_checks(reading, settings)
        yield Subject.TEMPLATES, parts.template_checks(reading, settings)
    yield from login.checks(reading, settings, sdk)
