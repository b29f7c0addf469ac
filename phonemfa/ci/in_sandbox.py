"""A stack's file without what it has encrypted, and as one of a sandbox's tenant.

The second is for a preview of somebody who gets no credentials.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from components.config_files import StackFileError, config_in
from components.settings.raw_config import NAMESPACE
from components.tenant.tenants_file import NAME, Named, NotNamedError, read_tenants_file
from phonemfa.files import why, write_whole

_DOMAIN = "auth0:domain"
Pairs = list[tuple[yaml.ScalarNode, yaml.Node]]


def without_secrets(file: Path) -> str:
    """A stack's file without its encrypted values and what decrypts them; or `StackFileError`.

    All else is as written.
    """
    return _written(_plain_pairs(_text_of(file)))


def move_into_sandbox(project: Path, stack: str, domain: str) -> None:
    """Have a stack's file and tenants.toml name the sandbox's tenant in place of the stack's own.

    What the file has encrypted goes too. A stack that names an address which tenants.toml does not
    is left with it: the program refuses it. `StackFileError` where the file is no stack's.
    """
    file = project / f"Pulumi.{stack}.yaml"
    text = _text_of(file)
    config = config_in(file.name, text)
    tenants = read_tenants_file(project)
    host = config.get(f"{NAMESPACE}:cpaasBaseHost")
    try:
        tenants.check(
            stack, domain=str(config.get(_DOMAIN, "")), cpaas_base_host=host and str(host)
        )
    except NotNamedError:
        own = [pair for pair in _plain_pairs(text) if pair[0].value == _DOMAIN]
    else:
        own = [(_scalar(_DOMAIN), _scalar(domain, style='"'))]
        if tenants.named is not None:
            write_whole(project / NAME, _renamed(tenants.named, stack, domain))
    others = [pair for pair in _plain_pairs(text) if not pair[0].value.startswith("auth0:")]
    write_whole(file, _written([*others, *own]))


def _text_of(file: Path) -> str:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise StackFileError(f"{file} cannot be read: {why(error)}.") from None
    config_in(file.name, text)  # It is a stack's file, or an error that says what it is.
    return text


def _plain_pairs(text: str) -> Pairs:
    # Nodes, not values: a number that somebody forgot to quote is to stay one.
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    below = [value for key, value in root.value if key.value == "config"] if root else []
    return [pair for one in below for pair in one.value if not _is_encrypted(pair[1])]


def _written(pairs: Pairs) -> str:
    below = yaml.MappingNode("tag:yaml.org,2002:map", pairs)
    whole = yaml.MappingNode("tag:yaml.org,2002:map", [(_scalar("config"), below)])
    written: str = yaml.serialize(whole, Dumper=yaml.SafeDumper, allow_unicode=True)
    return written


def _is_encrypted(value: yaml.Node) -> bool:
    return isinstance(value, yaml.MappingNode) and any(
        key.value == "secure" for key, _ in value.value
    )


def _scalar(text: str, *, style: str | None = None) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


def _renamed(named: Mapping[str, Named], stack: str, domain: str) -> str:
    lines = []
    for name, one in named.items():
        content = one.model_dump(by_alias=True, exclude_none=True)
        if name == stack:
            content["tenant"] = domain
        lines.append(f"[{json.dumps(name)}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in content.items()]
    return "\n".join(lines) + "\n"
