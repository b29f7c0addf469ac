"""Programs that stand where `pulumi`, `go` and the plugin would, and a release server.

Small shell scripts that record how they were called and answer as the real ones do in the few calls
the engine makes; every other call fails, so that a new one is noticed.
"""

import io
import tarfile
from pathlib import Path

import httpx

from sandbox.engine.ensure import CACHE_VARIABLE, Engine, ensure_engine
from sandbox.engine.plugin import MODE_VARIABLE, PROGRAM, Plugin, find_plugin
from sandbox.machine.progress import Progress

# What the scripts themselves need. Tests do not put it on PATH: it may hold a real Go or Pulumi.
_SYSTEM = "/usr/bin:/bin"


class Said(Progress):
    """Progress that remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.ticks: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)

    def tick(self, text: str) -> None:
        self.ticks.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.steps)


def program(path: Path, body: str) -> Path:
    """An executable shell script at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nPATH={_SYSTEM}\n{body}\n")
    path.chmod(0o755)
    return path


def pulumi(folder: Path, version: str = "v3.259.0", *, host: bool = True) -> Path:
    """An installed Pulumi CLI; with `host`, its Python language host lies beside it."""
    cli = program(
        folder / "pulumi",
        f'[ "$1" = version ] || exit 64\n'
        f'[ -z "$PULUMI_ACCESS_TOKEN" ] || exit 65\n'
        f'mkdir -p "$PULUMI_HOME" && touch "$PULUMI_HOME/was-here"\n'
        f"echo {version}",
    )
    if host:
        program(folder / "pulumi-language-python", "exit 0")
        program(folder / "pulumi-language-python-exec", "exit 0")
    return cli


def go(folder: Path) -> Path:
    """A Go toolchain in `folder`/bin; every call is a line in `folder`/go.log.

    A build waits while `folder`/gate exists and fails while `folder`/broken exists.
    """
    sdk = folder / "sdk"
    # As Go keeps what it fetched.
    program(sdk / "python" / "cmd" / "pulumi-language-python-exec", "exit 0").chmod(0o444)
    return program(
        folder / "bin" / "go",
        f"""echo "$PWD: $*" >> {folder}/go.log
case "$1 $2" in
"list -mod=readonly") [ "$3" = -m ] && echo {sdk}; exit ;;
"build -mod=readonly") ;;
*) exit 64 ;;
esac
[ "$GOFLAGS$GOWORK$CGO_ENABLED" = off0 ] || exit 65
touch "$GOTMPDIR/leftover"
echo "example.com/a" >&2
touch {folder}/building
while [ -e {folder}/gate ]; do sleep 0.02; done
[ -e {folder}/broken ] && {{ echo "example.com/b: does not compile" >&2; exit 1; }}
while [ "$1" != -o ]; do shift; done
[ -e "$2" ] && {{ echo "$2 already exists and is not an object file" >&2; exit 1; }}
case "$2" in
*/pulumi) printf '#!/bin/sh\\necho v3.259.0\\n' > "$2" ;;
*) echo '#!/bin/sh' > "$2" ;;
esac
chmod +x "$2"
""",
    )


def builds(folder: Path) -> int:
    """How many `go build` calls a fake Go has seen."""
    log = folder / "go.log"
    return sum(": build " in line for line in log.read_text().splitlines()) if log.exists() else 0


def archive(**programs: str) -> bytes:
    """An archive that has these shell scripts, by their path in it, and one that has no place."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for path, body in {**programs, "pulumi/../../escaped": "no"}.items():
            member = tarfile.TarInfo(path)
            member.size = len(f"#!/bin/sh\n{body}\n")
            tar.addfile(member, io.BytesIO(f"#!/bin/sh\n{body}\n".encode()))
    return data.getvalue()


def release(version: str = "v3.259.0") -> bytes:
    """A release of Pulumi whose CLI prints `version`."""
    programs = ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-language-go")
    empty = dict.fromkeys((f"pulumi/{one}" for one in programs), "")
    return archive(**{"pulumi/pulumi": f"echo {version}"}, **empty)


class Releases:
    """Release servers. `content` maps the end of an address to what it answers; else 404."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        data = self.content.get(request.url.path.rpartition("/")[2])
        return httpx.Response(404) if data is None else httpx.Response(200, content=data)


class World:
    """A user of a machine with nothing on PATH but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.go = folder / "go"
        self.cache = folder / "cache" / "engine"
        self.home = folder / "home"
        self.home.mkdir()
        self.lock = folder / "downloads.lock"
        self.stand_in = program(folder / "stand-in" / PROGRAM, "exit 1")
        self.releases = Releases()
        self.said = Said()

    @property
    def environ(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self.bin}:{self.go}/bin",
            "PULUMI_ACCESS_TOKEN": "the user's",
            CACHE_VARIABLE: str(self.cache.parent),
        }

    def ensure(self, **environ: str) -> Engine:
        return ensure_engine(self.said, environ=self.environ | environ)

    def find(self, mode: str = "", **environ: str) -> Plugin:
        return find_plugin(self.said, environ=self.environ | {MODE_VARIABLE: mode} | environ)

    def is_cached(self, engine: Engine) -> bool:
        """Whether it is a whole one of the cache, with nothing beside."""
        made = sorted(path.name for path in engine.pulumi.parent.iterdir())
        programs = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec"]
        return engine.pulumi.is_relative_to(self.cache) and made == programs and not self.leftovers

    @property
    def leftovers(self) -> list[Path]:
        return list(self.cache.glob(".making-*"))
