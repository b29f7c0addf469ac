"""docs/images/architecture.svg: the packages with what they import, and what the program declares.

Both are read from the sources; Graphviz (`@viz-js/viz`, under Node) lays the picture out.
"""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import grimp

_PROJECT: Final = Path(__file__).resolve().parents[2]
_PRODUCT: Final = ("components", "phonemfa", "policy")
_DRAW: Final = _PROJECT / "tools" / "node" / "draw.cjs"
_STYLE: Final = Path(__file__).with_suffix(".css").read_text("utf-8")


def picture() -> str:
    """The picture, as SVG."""
    ran = subprocess.run(
        ["node", str(_DRAW)], input=description(), stdout=subprocess.PIPE, text=True, check=True
    )
    # Colours come from the style sheet, which knows dark and light.
    plain = re.sub(r' (?:fill|stroke)="[^"]*"', "", ran.stdout[ran.stdout.index("<svg") :])
    plain = re.sub(r"<title>.*?</title>\n?", "", plain)
    return plain.replace(">", f' role="img" aria-label="{_LABEL}">\n<style>{_STYLE}</style>', 1)


_LABEL: Final = "What the packages import, and the components and resources that are declared"


@cache
def description() -> str:
    """The picture in Graphviz's language."""
    lines = [
        "digraph {",
        'rankdir=LR; ranksep=0.55; nodesep=0.16; fontname="Helvetica"; fontsize=13;',
        'node [shape=box, style=rounded, fontname="Helvetica", fontsize=12, margin="0.2,0.08"];',
        'edge [fontname="Helvetica", fontsize=10, arrowsize=0.6];',
        *_packages(),
        *_declared(),
        "}",
    ]
    return "\n".join(lines)


def _packages() -> Iterator[str]:
    boxes = {
        "product": sorted(["__main__", *_PRODUCT]),
        "sandbox": [f"sandbox.{one}" for one in _packages_in(_PROJECT / "sandbox")],
    }
    for cluster, names in boxes.items():
        yield f'subgraph cluster_{cluster} {{ label="the {cluster}"; class="{cluster}";'
        for name in names:
            yield f'"{name}" [label="{_shown(name)}", class="{cluster}"];'
        yield "}"
    for (importer, imported), count in sorted(_imports().items()):
        width = round(min(0.6 + count / 12, 2.5), 2)
        yield f'"{importer}" -> "{imported}" [class="imports", penwidth={width}];'


def _shown(name: str) -> str:
    """A package with what is in it, a few words a line."""
    folder = _PROJECT / name.replace(".", "/")
    if not folder.is_dir():
        return f"{name}.py"
    words = _packages_in(folder)
    lines = [", ".join(words[at : at + 3]) for at in range(0, len(words), 3)]
    return r"\n".join([f"{name.removeprefix('sandbox.')}/", *lines])


def _packages_in(folder: Path) -> list[str]:
    return sorted(one.parent.name for one in folder.glob("*/__init__.py"))


def _imports() -> Counter[tuple[str, str]]:
    """How many modules of one package import from another."""
    graph = grimp.build_graph(*_PRODUCT, "sandbox")
    found = {
        (importer, _package_of(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    # The program is no module of a package.
    pairs = [("__main__", "components"), *((_package_of(one), to) for one, to in found)]
    return Counter((one, to) for one, to in pairs if one and to and one != to)


def _package_of(module: str) -> str:
    """The box that a module belongs to; empty for what is not drawn."""
    top, *below = module.split(".")
    if top != "sandbox":
        return top
    return f"sandbox.{below[0]}" if below and (_PROJECT / "sandbox" / below[0]).is_dir() else ""


def components() -> dict[str, list[str]]:
    """Every component class, with the components and resources that its methods make, in order."""
    sources = sorted((_PROJECT / "components").rglob("*.py"))
    modules = [ast.parse(path.read_text("utf-8")) for path in sources]
    calls = {
        node.name: _calls_of(node, module)
        for module in modules
        for node in module.body
        if isinstance(node, ast.ClassDef)
        and "pulumi.ComponentResource" in map(ast.unparse, node.bases)
    }
    return {
        name: [one for one in called if one in calls or re.fullmatch(r"auth0\.[A-Z]\w+", one)]
        for name, called in calls.items()
    }


def _calls_of(component: ast.ClassDef, module: ast.Module) -> list[str]:
    """What the constructor calls, itself and by methods and functions of the module."""
    own = {f"self.{one.name}": one for one in component.body if isinstance(one, ast.FunctionDef)}
    own |= {one.name: one for one in module.body if isinstance(one, ast.FunctionDef)}

    def called_by(function: ast.FunctionDef) -> Iterator[str]:
        calls = [one for one in ast.walk(function) if isinstance(one, ast.Call)]
        for call in sorted(calls, key=lambda one: (one.lineno, one.col_offset)):
            name = ast.unparse(call.func)
            yield from called_by(own[name]) if name in own else [name]

    return list(dict.fromkeys(called_by(own["self.__init__"])))


def _declared() -> Iterator[str]:
    tree = components()
    yield 'subgraph cluster_declared { label="what the program declares"; class="declared";'
    for name, makes in tree.items():
        yield f'"{name}" [class="component"];'
        for child in makes:
            if child not in tree:
                yield f'"{child}" [label="{child}", class="resource"];'
            yield f'"{name}" -> "{child}" [class="child", arrowhead=none];'
    (whole,) = [name for name, makes in tree.items() if tree.keys() & makes]
    order = " -> ".join(f'"{one}"' for one in tree[whole])
    yield f'{{ rank=same; edge [class="order", style=dashed]; {order}; }}'
    yield "}"
    yield f'"components" -> "{whole}" [class="child", style=dotted];'
