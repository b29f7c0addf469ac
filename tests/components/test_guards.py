"""What hooks look at, finish or refuse before a tenant is written; the policy's is on its own."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_auth0
import pytest

from components.guards import finish_failed_writes, hooks
from components.guards.creation import CreationGuard
from components.guards.finish_failed_writes import FinishFailedWrites, ways_out
from components.guards.first_write import EntitlementGuard, GenerationGuard, by_plan, check_sdk
from components.guards.hooks import RefusedError, WriteHooks
from components.guards.policy_last import PolicyLast
from components.guards.same_addresses import SameAddresses, other_addresses
from components.guards.test_message import Messages
from components.settings.model import StackSettings
from components.tenant import action, phone_template
from components.tenant.guardian import BY_PLAN
from components.tenant.stack_access import TenantAccess, TenantCallError
from components.vocabulary import Experience, Gate
from tests.components.conftest import NOBODY, At, awaited
from tests.components.test_phone_mfa import DECLARED
from tests.components.test_settings import GOOD

UNIFIED, LEGACY = Experience.UNIFIED, Experience.LEGACY
TRIGGER = {"id": "custom-phone-provider", "version": "v1"}
LEGACY_TRIGGER = {"id": "send-phone-message", "version": "v2"}
CODE = "exports.onExecuteCustomPhoneProvider = async () => {};"
Secrets = dict[str, str]


def hooked(**given: Any) -> pulumi.ResourceHookArgs:
    """What the engine calls a hook with before a write."""
    return pulumi.ResourceHookArgs(
        **{"urn": "urn", "id": "id", "name": "it", "type": "any"} | given
    )


def failed(guard: CreationGuard, operation: str = "create", **given: Any) -> bool:
    """What the engine calls after the provider failed."""
    args = pulumi.ErrorHookArgs(urn="urn", id="", name="it", failed_operation=operation, **given)
    return awaited(guard._failed(args))


def make(at: At, name: str = "sender", *, trigger: Any = TRIGGER, deploy: bool = False) -> str:
    """An Action; answers its id."""
    body = {"name": name, "code": CODE, "supported_triggers": [trigger], "deploy": deploy}
    return str(at.tenant.versions.create(body)["id"])


# --- Which resources have which hooks ------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "of", "custom", "gets"),
    [
        pytest.param(["one:index:Type"], "one:index:Type", True, True, id="its type"),
        pytest.param(["one:index:Type"], "two:index:Type", True, False, id="another type"),
        pytest.param(["one:index:Type"], "two:index:Type", False, False, id="another component"),
        pytest.param(["one:index:Type"], "one:index:Type", False, True, id="a component by name"),
        pytest.param([], "any:index:Type", True, True, id="any type"),
        pytest.param([], "any:index:Type", False, False, id="a component that is not named"),
    ],
)
def test_hooks_stand_beside_a_resources_own_options_and_are_made_once(
    monkeypatch: pytest.MonkeyPatch, types: list[str], of: str, custom: bool, gets: bool
) -> None:
    monkeypatch.setattr(hooks, "get_monitor", object)
    made: list[str] = []
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, *_args, **_opts: made.append(name))
    monkeypatch.setattr(WriteHooks, "TYPES", tuple(types))
    monkeypatch.setattr(WriteHooks, "NAME", "counted")
    transformation = WriteHooks(NOBODY)
    resource: Any = pulumi.CustomResource if custom else pulumi.ComponentResource
    opts = pulumi.ResourceOptions(protect=True)
    for _ in range(2):
        result = transformation(
            pulumi.ResourceTransformationArgs(
                resource=resource.__new__(resource), type_=of, name="n", props={"a": 1}, opts=opts
            )
        )
        assert (result is not None) is gets
        if result:
            assert (result.props, result.opts.protect) == ({"a": 1}, True)
            assert result.opts.hooks is not None
    assert made == ["counted"] * gets, "a hook is registered by its name once"


BEFORE = ["before_create", "before_update"]
MESSAGES = Messages(to="", methods=[])


@pytest.mark.parametrize(
    ("guard", "bound"),
    [
        (GenerationGuard(NOBODY, UNIFIED), BEFORE),
        (EntitlementGuard(NOBODY, ()), BEFORE),
        (CreationGuard(NOBODY), [*BEFORE[:1], "on_error"]),
        (FinishFailedWrites(NOBODY), BEFORE[1:]),
        (SameAddresses(NOBODY), BEFORE[1:]),
        (
            PolicyLast(NOBODY, experience=UNIFIED, gate=Gate.READY, trial=MESSAGES),
            [*BEFORE, "on_error"],
        ),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, WriteHooks) else "",
)
def test_hooks_are_in_front_of_writes_also_in_a_preview_and_of_no_deletion(
    guard: WriteHooks, bound: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of a deletion is left in the state, and `pulumi destroy` runs no program."""
    monkeypatch.setattr(pulumi, "ResourceHook", lambda _name, _hook, *, opts: opts.on_dry_run)
    monkeypatch.setattr(pulumi, "ErrorHook", lambda _name, _hook: "told")
    found = {key: value for key, value in vars(guard.hooks).items() if value}
    assert found == {key: ["told" if key == "on_error" else True] for key in bound}


# --- The generation ------------------------------------------------------------------------------


def refused(guard: GenerationGuard, times: int) -> list[BaseException]:
    """What stops each of several writes at once."""

    async def at_once() -> list[BaseException | None]:
        checks = (guard._before(hooked()) for _ in range(times))
        return list(await asyncio.gather(*checks, return_exceptions=True))

    return [one for one in awaited(at_once()) if one]


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(
    ("experience", "unified", "actual"),
    [
        (UNIFIED, True, ""),
        (LEGACY, False, ""),
        (LEGACY, None, ""),
        pytest.param(None, True, "", id="while it moves either is right"),
        (UNIFIED, False, "legacy"),
        (LEGACY, True, "unified"),
    ],
)
def test_a_tenant_is_asked_once_and_another_generation_refused_with_the_setting_to_change(
    experience: Experience | None,
    unified: bool | None,
    actual: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def answer() -> Any:
        asked.append("for its generation")
        await asyncio.sleep(0)  # As over a network, others go on meanwhile.
        known = SimpleNamespace(phone_consolidated_experience=unified)
        return None if unified is None else known

    provider = SimpleNamespace(future=answer)
    monkeypatch.setattr(pulumi_auth0, "get_tenant_output", lambda: provider)
    refusals = refused(GenerationGuard(NOBODY, experience), 3)
    assert (len(asked), len(refusals)) == (1, 3 if actual else 0)
    for one in refusals:
        assert isinstance(one, RefusedError)
        assert f"pulumi config set phonemfa:experience {actual}" in str(one)


def test_the_provider_is_asked_while_every_thread_of_the_loop_waits_for_the_hook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free, asked = threading.Event(), threading.Event()

    async def answer() -> Any:  # As the SDK asks.
        await asyncio.get_running_loop().run_in_executor(None, asked.set)
        return SimpleNamespace(phone_consolidated_experience=True)

    async def ask() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(one := ThreadPoolExecutor(1))
        one.submit(free.wait)
        try:
            async with asyncio.timeout(20):
                await GenerationGuard(NOBODY, UNIFIED)._before(hooked())
        finally:
            free.set()

    monkeypatch.setattr(pulumi_auth0, "get_tenant_output", lambda: SimpleNamespace(future=answer))
    # asyncio.run would leave the tests after this one without a loop.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(ask())
    assert asked.is_set()


@pytest.mark.usefixtures("at")
def test_without_credentials_no_action_is_made_whatever_the_gate() -> None:
    args = hooked(new_inputs={"name": "sender", "supportedTriggers": TRIGGER})
    with pytest.raises(TenantCallError, match=r"Set them, or, where no Action is made"):
        awaited(CreationGuard(NOBODY)._before(args))


@pytest.mark.parametrize("experience", [UNIFIED, None])
def test_wrong_credentials_are_said_once(at: At, experience: Experience | None) -> None:
    access = replace(
        at.access,
        secrets={"client_secret": pulumi.Output.secret("wrong")},
        origin="The client is from HERE.",
    )
    first, *others = map(str, refused(GenerationGuard(access, experience), 3))
    told = access.access
    for part in (told.client_id, told.domain, "401", "The client is from HERE.", "Check"):
        assert part in first
    assert "\n" not in first
    assert others == ["not written: the tenant cannot be reached, as said above."] * 2


@pytest.mark.parametrize(("experience", "refusals"), [(UNIFIED, []), (LEGACY, [RefusedError])])
def test_credentials_that_the_hooks_have_too_are_used_by_them(
    at: At, experience: Experience, refusals: list[type[Exception]]
) -> None:
    found = refused(GenerationGuard(at.access, experience), 1)
    assert [type(one) for one in found] == refusals


# --- What only some plans, and some versions of the SDK, have ------------------------------------


def stack(**values: Any) -> StackSettings:
    return StackSettings.check("dev", GOOD | values)


def test_an_sdk_without_them_is_refused_before_anything_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_sdk(stack(rememberBrowser={}))
    for argument in ("settings", "phone_settings"):
        monkeypatch.delattr(pulumi_auth0.GuardianArgs, argument)
    check_sdk(stack())
    for block in ("rememberBrowser", "oneTimeCode"):
        with pytest.raises(pulumi.RunError, match=f"phonemfa:{block} need.* 3.54 .*Nothing was"):
            check_sdk(stack(**{block: {}}))


def ask(guard: EntitlementGuard) -> None:
    awaited(guard._before(None))  # type: ignore[arg-type]


def test_a_tenant_that_is_not_entitled_is_refused_before_the_first_write(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = by_plan(stack(oneTimeCode={}))
    ask(EntitlementGuard(at.access, parts))
    at.assume(monkeypatch, at.tenant.context, entitled_to_mfa_settings=False)
    guard = EntitlementGuard(at.access, parts)
    for _ in range(2):  # Every resource's hook is refused.
        with pytest.raises(TenantCallError, match="not entitled") as refused:
            ask(guard)
    for part in ("phonemfa:oneTimeCode", "leave it out of the stack's", "Nothing was written"):
        assert part in str(refused.value)


@pytest.mark.parametrize("path", BY_PLAN)
@pytest.mark.parametrize("key", DECLARED)
def test_what_guardian_reads_after_the_write_is_asked_for_whatever_is_declared(
    at: At, key: str, path: str
) -> None:
    guard = EntitlementGuard(at.access, by_plan(stack(**{key: DECLARED[key]})))
    with at.control() as control:
        control.post("/faults", json={"path": f"{path}$", "status": 403, "times": None})
        with pytest.raises(TenantCallError, match=f"phonemfa:{key}: .*403.*Nothing was written"):
            ask(guard)


@pytest.mark.usefixtures("at")
def test_a_tenant_that_only_the_provider_can_reach_is_not_asked() -> None:
    ask(EntitlementGuard(NOBODY, by_plan(stack(**DECLARED))))


def test_a_stack_that_says_nothing_asks_nothing() -> None:
    assert by_plan(stack()) == ()
    assert {part.setting.partition(".")[0] for part in by_plan(stack(**DECLARED))} == {*DECLARED}


# --- An Action that sends is not replaced --------------------------------------------------------


def before_create(at: At, **inputs: Any) -> None:
    awaited(CreationGuard(at.access)._before(hooked(type=action.TOKEN, new_inputs=inputs)))


@pytest.mark.parametrize("trigger", [TRIGGER, LEGACY_TRIGGER])
def test_an_action_that_sends_is_kept_and_the_way_on_is_said(
    at: At, trigger: dict[str, str]
) -> None:
    make(at, trigger=trigger, deploy=True)
    with pytest.raises(RefusedError, match=r"version 1 sends.*pulumi up --refresh"):
        before_create(at, name="sender", supportedTriggers=trigger)


@pytest.mark.parametrize(
    ("name", "trigger", "deploy"),
    [
        pytest.param("sender", LEGACY_TRIGGER, False, id="never deployed"),
        pytest.param("sender of others", LEGACY_TRIGGER, True, id="another name"),
        pytest.param("sender", TRIGGER, True, id="another trigger"),
    ],
)
def test_what_does_not_send_in_its_place_is_no_matter(
    at: At, name: str, trigger: dict[str, str], deploy: bool
) -> None:
    make(at, name, trigger=trigger, deploy=deploy)
    before_create(at, name="sender", supportedTriggers=LEGACY_TRIGGER)


def test_a_preview_warns_of_one_that_sends_and_goes_on(at: At, previewed: list[str]) -> None:
    make(at, deploy=True)
    before_create(at, name="sender", supportedTriggers=TRIGGER)
    before_create(at, supportedTriggers=TRIGGER)  # A name that is not known yet.
    assert [one.partition(":")[0] for one in previewed] == ["pulumi up will stop here"]


# --- A creation that failed ----------------------------------------------------------------------

AN_ACTION = {"type": action.TOKEN, "new_inputs": {"name": "sender", "supportedTriggers": TRIGGER}}
A_TEMPLATE = {"type": phone_template.TOKEN, "new_inputs": {"type": "otp_verify"}}


@pytest.mark.parametrize("of", [AN_ACTION, A_TEMPLATE])
def test_recover_is_named_exactly_where_the_tenant_has_what_was_not_made(
    at: At, warned: list[str], monkeypatch: pytest.MonkeyPatch, of: dict[str, Any]
) -> None:
    monkeypatch.setattr(pulumi, "get_stack", lambda: "prod")
    assert of["type"] in CreationGuard.TYPES, "the engine calls it"

    def told(access: TenantAccess, operation: str) -> str:
        warned.clear()
        assert failed(CreationGuard(access), operation, **of) is False, "it is not repeated"
        return "".join(warned)

    assert told(at.access, "create") == "", "another refusal"
    make(at)
    body = {"text": "{{ code }}", "voice": "{{ code }}"}
    at.tenant.templates.create({"type": "otp_verify", "content": {"body": body}})
    assert told(at.access, "update") == ""
    command = "python -m phonemfa recover --stack prod"
    for access, beginning in ((at.access, "it: the tenant has a"), (NOBODY, "it: whether the")):
        said = told(access, "create")
        assert said.startswith(beginning)
        assert command in said


# --- The addresses of the last run ---------------------------------------------------------------


def carried(tenant: Any = "dev.jp.auth0.com", host: Any = "a.api.infobip.com") -> dict[str, Any]:
    return {"tenant": tenant, "settings": {"cpaasBaseHost": host, "smsSender": "0005212345"}}


@pytest.mark.parametrize(
    ("before", "wanted", "named"),
    [
        (carried(), carried(tenant="prod.jp.auth0.com"), ["auth0:domain"]),
        (carried(), carried(host="b.api.infobip.com"), ["phonemfa:cpaasBaseHost"]),
        (carried(), carried("x.example", "y.example"), ["auth0:domain", "phonemfa:cpaasBaseHost"]),
        (carried(), carried(tenant="dev.jp.auth0.com.evil.example"), ["auth0:domain"]),
        (carried(), carried(tenant="localhost:8443"), ["auth0:domain"]),
        (carried(), carried(), []),
        (carried(), carried(tenant="DEV.jp.auth0.com"), []),
        ({}, carried(), []),
        ({"settings": {}}, carried(), []),
        (carried(host=None), carried(), []),
        (carried(), carried(host=None), []),
        (carried(tenant="localhost:8443"), carried(tenant="localhost:40123"), []),
    ],
)
def test_another_address_is_refused_and_the_same_a_first_or_none_passes(
    before: dict[str, Any], wanted: dict[str, Any], named: list[str]
) -> None:
    refusal = other_addresses(before, wanted)
    assert all(one in refusal for one in named)
    assert refusal.count(" and is ") == len(named)
    assert ("tenants.toml" in refusal) == bool(named)


@pytest.mark.usefixtures("at")
@pytest.mark.parametrize(
    ("outputs", "of_last_run"),
    [
        ({"applied": carried(host="applied.example")}, "applied.example"),
        pytest.param({}, "asked.example", id="what was asked, where that run did not finish"),
    ],
)
def test_the_addresses_are_those_that_were_applied(
    outputs: dict[str, Any], of_last_run: str
) -> None:
    for host in ("applied.example", "asked.example"):
        args = hooked(
            new_inputs=carried(host=host),
            old_inputs=carried(host="asked.example"),
            old_outputs=outputs,
        )
        if host == of_last_run:
            awaited(SameAddresses(NOBODY)._before(args))
            continue
        with pytest.raises(RefusedError, match=f"was '{of_last_run}' and is '{host}'"):
            awaited(SameAddresses(NOBODY)._before(args))


# --- An Action's secrets -------------------------------------------------------------------------


def declared(secrets: Mapping[str, str] | None, code: str = CODE) -> dict[str, Any]:
    """An Action as a program has it."""
    said: dict[str, Any] = {"name": "sender", "code": code, "runtime": "node22", "deploy": True}
    if secrets is not None:
        said["secrets"] = [{"name": name, "value": value} for name, value in secrets.items()]
    return said | {"supportedTriggers": TRIGGER}


def made(at: At, **secrets: str) -> str:
    """An Action with these secrets; answers its id."""
    own = [{"name": name, "value": value} for name, value in secrets.items()]
    body = {"name": "sender", "code": CODE, "runtime": "node22", "supported_triggers": [TRIGGER]}
    return str(at.tenant.versions.create(body | {"secrets": own})["id"])


def before_update(at: At, id_: str, new: dict[str, Any], old: dict[str, Any]) -> None:
    outputs = old | {"versionId": "v", "status": "built"}
    args = hooked(id=id_, type=action.TOKEN, new_inputs=new, old_inputs=old, old_outputs=outputs)
    awaited(FinishFailedWrites(at.access)._before(args))


def written(at: At) -> Secrets:
    """The secrets that the one Action's draft has, in clear."""
    (found,) = at.tenant.export()["actions"].values()
    return {one["name"]: one["value"] for one in found["draft"]["secrets"]}


OLD, NEW = {"KEY": "old"}, {"KEY": "new"}
RETIRING = {**NEW, "EXTRA": "retired"}


@pytest.mark.parametrize(
    ("has", "old", "new", "left"),
    [
        pytest.param(OLD, OLD, {**NEW, "MORE": "m"}, {**NEW, "MORE": "m"}, id="changed"),
        pytest.param({**OLD, "GONE": "g"}, {**OLD, "GONE": "g"}, OLD, OLD, id="not declared now"),
        # The state of an earlier version has the new key, which nobody has written.
        pytest.param(OLD, NEW, NEW, NEW, id="unfinished"),
        pytest.param({**OLD, "EXTRA": "e"}, OLD, RETIRING, RETIRING, id="said to retire"),
        pytest.param(RETIRING, RETIRING, NEW, NEW, id="retired"),
        pytest.param({"TWILIO_TOKEN": "t"}, None, None, {"TWILIO_TOKEN": "t"}, id="adopted"),
    ],
)
def test_secrets_are_written_before_the_provider_is_asked(
    at: At, has: Secrets, old: Secrets | None, new: Secrets | None, left: Secrets
) -> None:
    before_update(at, made(at, **has), declared(new), declared(old))
    assert written(at) == left


@pytest.mark.parametrize("secrets", [OLD, None], ids=["ours", "adopted"])
def test_a_change_of_the_code_alone_writes_no_secret(at: At, secrets: Secrets | None) -> None:
    has = {"KEY": "by hand", "EXTRA": "undeclared"}
    before_update(at, made(at, **has), declared(secrets), declared(secrets, code="// before"))
    assert written(at) == has


def test_the_official_plugins_way_to_note_inputs_is_understood(at: At) -> None:
    new = {"__defaults": [], **declared(None)}
    new["secrets"] = [{"__defaults": [], "name": "KEY", "value": "new"}]
    new["supportedTriggers"] = {"__defaults": [], **TRIGGER}
    before_update(at, made(at, KEY="old"), new, declared(NEW))
    assert written(at) == NEW, "the same but for the notes: unfinished"


@pytest.mark.parametrize("old", [OLD, NEW], ids=["changed", "unfinished"])
def test_an_undeclared_secret_is_named_with_the_ways_out_and_nothing_is_written(
    at: At, old: Secrets
) -> None:
    id_ = made(at, KEY="old", EXTRA="e", ANOTHER="a")
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            before_update(at, id_, declared(NEW), declared(old))
        assert "ANOTHER, EXTRA" in str(refused.value)
        assert ways_out(["ANOTHER", "EXTRA"]) in str(refused.value)
        assert written(at) == {"KEY": "old", "EXTRA": "e", "ANOTHER": "a"}


def test_the_ways_out_are_to_declare_it_and_to_say_that_it_may_go() -> None:
    assert "declare A by its setting" in ways_out(["A"])
    assert "say that it may go: set phonemfa:retiredSecrets to [A]" in ways_out(["A"])
    assert "say that they may go: set phonemfa:retiredSecrets to [A, B]" in ways_out(["A", "B"])


def test_a_preview_warns_of_the_secret_that_up_will_refuse_and_writes_nothing(
    at: At, previewed: list[str]
) -> None:
    id_ = made(at, KEY="old", EXTRA="e")
    before_update(at, id_, declared(NEW), declared(OLD))
    (said,) = previewed
    assert "EXTRA" in said
    before_update(at, id_, declared({**NEW, "EXTRA": "retired"}), declared(OLD))
    assert len(previewed) == 1
    assert written(at) == {"KEY": "old", "EXTRA": "e"}


def test_an_action_that_was_deleted_by_hand_is_left_to_the_provider(at: At) -> None:
    before_update(at, "0d5b7b2e-0000-4000-8000-000000000000", declared(NEW), declared(OLD))


def test_a_tenant_that_refuses_the_write_stops_the_update(at: At) -> None:
    many = {f"NAME{number}": "v" for number in range(40)}
    with pytest.raises(TenantCallError):
        before_update(at, made(at, KEY="old"), declared(many), declared(OLD))
    assert written(at) == OLD


@pytest.mark.parametrize("outcome", ["built", "failed"])
def test_the_provider_meets_no_build_that_is_under_way(
    at: At, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    id_ = made(at, KEY="old")
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(finish_failed_writes, "asyncio", SimpleNamespace(sleep=wait))
    phases = [{"status": "building", "seconds": 1}, {"status": outcome, "seconds": 0}]
    at.tenant.context.builds.scripted.append(phases)
    before_update(at, id_, declared(NEW), declared(OLD))
    assert waited
    assert at.tenant.actions.get(id_)["status"] == outcome, (
        "a new code may build where this did not"
    )
