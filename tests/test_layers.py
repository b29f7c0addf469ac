"""What import-linter does not see of the layers (pyproject.toml)."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from pydantic.alias_generators import to_pascal, to_snake

from components.settings.model import StackSettings
from components.tenant.snapshot import MODELS
from tests.contract import PROJECT


def test_the_program_imports_nothing_but_pulumi_and_what_is_declared() -> None:
    # It is no module of a package, so import-linter does not see it.
    text = (PROJECT / "__main__.py").read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert imported == {"pulumi", "components"}
    assert len(text.splitlines()) <= 40, "a table of contents"


def test_every_package_of_the_checkout_is_in_the_contracts() -> None:
    config = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")} - {"tests"}
    assert set(config["tool"]["importlinter"]["root_packages"]) == packages


def sources() -> dict[str, str]:
    """The product, file by file."""
    product = ("components", "policy", "phonemfa")
    files = [one for part in product for one in (PROJECT / part).rglob("*.py")]
    return {one.relative_to(PROJECT).as_posix(): one.read_text(encoding="utf-8") for one in files}


MODEL = ("components/tenant/", "components/resources/")
"""Where the API and the auth0 provider are spoken; the client is among them."""

SPEAKS_TOO = {
    # Words for who looks a record up in the tenant's log; it loads nothing that it can do without.
    "phonemfa/break_glass/command.py": "/api/v2/guardian/policies",
    # The tenant's log has no model: its pages are read as they come, and only here.
    "phonemfa/health/reading.py": "/api/v2/logs",
}


def spoken(text: str) -> set[str]:
    """Strings of a module, docstrings excepted."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    prose = {
        id(statement.value)
        for node in ast.walk(tree)
        if isinstance(node, documented)
        for statement in node.body
        if isinstance(statement, ast.Expr)
    }
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose
    }


def names_of_the_api() -> set[str]:
    """Names in the API and in Pulumi that are no plain word, nor one of the model or a setting."""
    paths = [
        path for one in MODELS.values() for part in one.PARTS for path in (part.api, part.pulumi)
    ]
    # What stands before the first dot may be a path, which is looked for by itself.
    names = {name for path in paths for name in path.split(".")["/" in path :]}
    names |= {"supportedTriggers", "supported_triggers", "displayName", "actionId", "versionId"}
    fields = {field for one in MODELS.values() for field in one.__dataclass_fields__}
    return {one for one in names if re.search(r"[a-z][_A-Z-]", one)} - fields - keys()


def keys() -> set[str]:
    """Every key that the settings have, at any depth, in the file and in Python."""
    schema = StackSettings.model_json_schema()
    blocks = [schema, *schema["$defs"].values()]
    found = {key for block in blocks for key in block.get("properties", ())}
    return found | {to_snake(key) for key in found}


def names_of(key: str) -> set[str]:
    """What a setting is called anywhere: in the file, in Python, in the API and in Pulumi."""
    field = next(name for name, one in StackSettings.model_fields.items() if one.alias == key)
    found = {key, field, to_pascal(field), field.upper()}
    for model in MODELS.values():
        for part in model.PARTS:
            if part.setting.partition(".")[0] == key:
                found |= {part.field, part.api.rpartition(".")[2], part.pulumi.rpartition(".")[2]}
    return found


MFA_SETTINGS = "mfa.?settings?|remember"
"""What else names any of them, and not one alone."""
NOTHING = r"(?!)"


@pytest.mark.parametrize(
    ("settings", "beside"),
    [
        pytest.param(("rememberBrowser", "oneTimeCode"), MFA_SETTINGS, id="of Guardian"),
        pytest.param(("ringTimeout",), NOTHING, id="of the Action"),
    ],
)
def test_a_setting_is_named_in_six_files_at_most(settings: tuple[str, ...], beside: str) -> None:
    names = "|".join(re.escape(name) for key in settings for name in names_of(key))
    named = re.compile(rf"\b(?:{names})\b|{beside}", re.IGNORECASE)
    files = [file for file, text in sources().items() if named.search(text)]
    assert 0 < len(files) <= 6, "\n".join(sorted(files))


def test_only_the_model_speaks_the_api_and_the_provider() -> None:
    path = re.compile(
        r"/api/v2\b|(?:^|[A-Z] )/(?:actions/(?:actions|triggers)|branding|guardian|tenants)\b"
    )
    names = names_of_the_api()
    assert len(names) > 15
    said = {
        f"{file}: {one}"
        for file, text in sources().items()
        for one in spoken(text)
        if "auth0:index/" in one or path.search(one) or one in names
    }
    wrong = {one for one in said if not one.startswith(MODEL)}
    excepted = {
        one
        for one in wrong
        for where, what in SPEAKS_TOO.items()
        if one.startswith(where) and what in one
    }
    assert not wrong - excepted, "\n".join(sorted(wrong - excepted))
    stale = [where for where in SPEAKS_TOO if not any(one.startswith(where) for one in excepted)]
    assert stale == [], "exceptions of which nothing is left"


OF_THE_ENGINE = {
    *("steps", "oldState", "newState", "detailedDiff", "diffReasons", "changeSummary"),
    *("deployment", "resources", "pending_operations", "initErrors"),
}
"""Keys of what the engine prints: of previews, and of states."""


def looked_up(text: str) -> set[str]:
    """What a module looks up by a key that stands in it: `one["key"]`, `one.get("key")`."""
    nodes = list(ast.walk(ast.parse(text)))
    keys = [one.slice for one in nodes if isinstance(one, ast.Subscript)]
    keys += [
        one.args[0]
        for one in nodes
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.args
        if one.func.attr in {"get", "pop"}
    ]
    return {
        one.value for one in keys if isinstance(one, ast.Constant) and one.value in OF_THE_ENGINE
    }


def test_only_one_place_reads_what_the_engine_prints() -> None:
    readers = {str(Path(file).parent) for file, text in sources().items() if looked_up(text)}
    assert readers == {"phonemfa/pulumi"}
