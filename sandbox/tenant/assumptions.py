"""Where nobody established what Auth0 does (the contract's [?]): our choice, as named switches.

The other value makes the tenant behave the other way, so that a client can be tried under both.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Assumptions:
    """Behaviour that the contract (management-api.md) leaves open; defaults are our choice."""

    # -- actions ------------------------------------------------------------------------------

    unique_action_names: bool = False
    """A second Action of the same name is refused (409). Unknown (§4.3); no source refuses it."""

    secret_without_value_keeps_value: bool = True
    """A PATCHed secret that has a name but no value keeps its value; else it is refused (400).
    Unknown (§4.6). A recorded life of the official plugin contains such a PATCH answered 200."""

    new_secret_needs_value: bool = True
    """A secret that the Action does not have yet comes without a value: refused (400), or kept
    with an empty one. Unknown (§4.3); exports of auth0-deploy-cli name secrets without values."""

    delete_action_in_use_refused: bool = False
    """An unbound Action that an enabled custom phone provider runs cannot be deleted without
    `force` (409). Unknown (§4.10, §8.2); only bindings are known to protect."""

    entity_limit_status: Literal[400, 403] = 403
    """Status when a limit on Actions (100 per tenant, 20 bound per trigger, 30 secrets, 10
    dependencies, 100 kB of code) is exceeded. The limits are published, the answer is not (§4.3,
    §8.10)."""

    # -- bindings -----------------------------------------------------------------------------

    custom_phone_provider_binding: Literal["optional", "required", "forbidden", "automatic"] = (
        "optional"
    )
    """Whether the custom-phone-provider Action works unbound, needs a binding, cannot have one, or
    is bound by its deploy. Sources contradict each other (§4.12, §8.6)."""

    unknown_bound_action_status: Literal[400, 404] = 404
    """Status when a binding names an Action that does not exist. Unknown (§4.12)."""

    # -- phone providers ----------------------------------------------------------------------

    custom_provider_needs_deployed_action: bool = True
    """Creating a provider `custom`, or changing one into it, needs a deployed
    custom-phone-provider Action (409). The rule is published, status and message are not (§5.1)."""

    second_provider_refused: bool = True
    """A second POST of a phone provider is refused (409) rather than accepted. Unknown (§5.1)."""

    narrowing_below_message_types_refused: bool = False
    """A PATCH that leaves delivery methods below the enabled message types is refused (409).
    Unknown (§5.1, §8.3); the official plugin narrows the provider first."""

    provider_in_use_protected: bool = False
    """A provider cannot be deleted or disabled while the phone factor is on (409). Unknown
    (§5.1, §8.3); documentation only warns."""

    try_needs_deployed_action: bool = True
    """`try` of a custom provider whose Action is gone is refused (409). Unknown (§5.1)."""

    # -- phone templates ----------------------------------------------------------------------

    missing_template_parts: Literal["default", "absent"] = "default"
    """A part (text, voice) that a new template does not state has the default text, or is absent.
    Unknown (§5.2)."""

    customised_templates_first: bool = True
    """The list shows customised templates before the defaults, else all in the defaults' order.
    Seen once, for one template (§5.2, §8.9). Among themselves they come newest first: recorded."""

    # -- guardian -----------------------------------------------------------------------------

    message_types_need_factor: bool = True
    """A non-empty list of message types is refused (404) while the phone factor is off. Published
    (§6.4). Recorded otherwise for the empty list; and go-auth0 recorded `["voice"]` accepted on a
    tenant whose other recordings begin with the factor off, which need not have been so then."""

    message_types_need_provider: bool = False
    """Under the unified experience, message types are refused (409) while there is no phone
    provider at all. Unknown (§6.4); a recording of 2026-06 makes acceptance likely."""

    selected_provider_allowed_under_unified: bool = False
    """phone/selected-provider stays usable under the unified experience. The documentation
    contradicts itself (§6.6, §8.5)."""

    unset_sms_templates: Literal["204", "empty", "defaults"] = "204"
    """Answer of sms/templates before anything was written; all three were seen (§6.5)."""

    unset_phone_templates: Literal["204", "empty", "defaults"] = "defaults"
    """Answer of phone/templates before anything was written; all three were seen (§6.5), and
    auth0-cli has a case for an empty body of either family."""

    entitled_to_mfa_settings: bool = True
    """The plan has MFA settings (remembered browsers, length and lifetime of codes), else reading
    and writing them answers 403 `not_entitled`. Tenants of both kinds exist; which plans have them
    is unknown (§6.7), and whether `include_settings` is refused alike."""

    adaptive_mfa: bool = True
    """The plan has Adaptive MFA, else the policy `confidence-score` is refused with 403
    `insufficient_entitlement`. Tenants of both kinds exist; the message is unknown (§1.2)."""

    # -- tenant settings ----------------------------------------------------------------------

    nested_settings_merge: bool = False
    """PATCH merges nested settings objects key by key instead of replacing them. Unknown for all
    but `flags`, which merge (§3.2)."""

    unified_switch_checked: bool = False
    """Turning the unified experience on is refused (409) while the factor is on and no provider
    covers its message types. Unknown (§3.3, §8.4); no check is visible in the recordings."""

    # -- tenant logs --------------------------------------------------------------------------

    log_phone_numbers: Literal["masked", "clear"] = "masked"
    """Phone numbers in `gd_send_*` entries show their last four digits only, unless the tenant's
    flag `disable_management_api_sms_obfuscation` is on; or they are always in clear. `fn` holds
    the recipient in clear either way. Unknown (cpaas-and-actions.md §2.8)."""

    log_search_by_type: Literal["found", "refused", "ignored"] = "found"
    """A search of the log for a `type`: it finds what it names, is refused (400), or counts for
    nothing. Documents contradict each other (tenant-logs.md)."""

    log_search_by_time: Literal["second", "day", "refused"] = "second"
    """A range of `date` with a time of day: taken, cut to its days, or refused (400). One document
    has an example, another the day alone (tenant-logs.md)."""

    # -- HTTP ---------------------------------------------------------------------------------

    wrong_client_error: Literal["access_denied", "invalid_client"] = "access_denied"
    """`error` for an unknown client or a wrong secret (401). Published and reported
    answers differ (§2.3)."""

    unauthenticated_message: Literal["Missing authentication", "Invalid token"] = (
        "Missing authentication"
    )
    """`message` of the 401 for a call without an Authorization header. Unknown (§1.2)."""

    token_answers_no_store: bool = True
    """Token answers carry `Cache-Control: no-store`, as RFC 6749 demands. Not confirmed (§2.2)."""

    parameters_checked_before_token: bool = False
    """Path, query and body are validated before the token. Unknown (§8.7)."""

    wrong_method_status: Literal[404, 405] = 404
    """Status of a method that a known path does not have. Unknown (§1.3)."""

    rate_limit_headers_always: bool = True
    """Every answer of the Management API carries the x-ratelimit headers, else only a 429 does.
    Unknown (§8.8)."""

    unknown_query_keys_refused: bool = True
    """Query keys that an operation does not have are refused (400). Known for actions only (§1.3);
    assumed for the others."""
