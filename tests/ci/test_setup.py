"""`ci/setup` of a company's repository uses a download that its tools.lock names, or none."""

import io
import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from phonemfa.new.repository import files_of, write
from tests.ci.conftest import ANSWERS
from tests.processes import run

PULUMI = """#!/bin/sh
[ "$1 $2" = "plugin ls" ] && { echo '[]'; exit 0; }
[ "$1 $2" = "plugin install" ] && { echo "$*" >>"$0.installed"; exit 0; }
exit 64
"""
CURL = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
cp "$OFFERED/$(case "$3" in */sdk/*) echo pulumi;; *) echo plugin;; esac)" "$2"
"""


class Desk:
    """A repository whose packages are installed, on a machine without Pulumi."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lock = folder, folder / "tools.lock"
        self.offered, self.bin = folder.parent / "offered", folder.parent / "bin"
        self.pulumi = folder / ".venv" / "tools" / "pulumi" / "pulumi"
        python = folder / ".venv" / "bin" / "python"
        for one in (self.offered, self.bin, python.parent):
            one.mkdir(parents=True)
        programs = {python: f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', self.bin / "curl": CURL}
        for program, text in programs.items():
            program.write_text(text)
            program.chmod(0o755)
        shutil.copy(folder / "requirements.lock", folder / ".venv")
        self.offer()

    def offer(self, program: str = PULUMI) -> None:
        with tarfile.open(self.offered / "pulumi", "w:gz") as tar:
            member = tarfile.TarInfo("pulumi/pulumi")
            member.size, member.mode = len(program), 0o755
            tar.addfile(member, io.BytesIO(program.encode()))
        (self.offered / "plugin").write_bytes(b"the plugin")

    def setup(self, *options: str) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": f"{self.bin}:/usr/bin:/bin", "OFFERED": str(self.offered)}
        return run("ci/setup", *options, cwd=self.folder, env=variables)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    assert not any((Path(one) / "pulumi").exists() for one in ("/usr/bin", "/bin"))
    write(tmp_path / "repository", files_of(ANSWERS))
    return Desk(tmp_path / "repository")


def test_without_a_hash_nothing_is_used_but_a_first_use_is_recorded_at_a_desk(desk: Desk) -> None:
    refused = desk.setup()
    assert refused.returncode == 2
    assert "tools.lock names none" in refused.stderr
    assert not desk.pulumi.exists()
    said = desk.setup("--record")
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("trusted on this first use") == 2
    recorded = [line.split()[0] for line in desk.lock.read_text().splitlines()[-2:]]
    data = [(desk.offered / one).read_bytes() for one in ("pulumi", "plugin")]
    assert recorded == [sha256(one).hexdigest() for one in data]
    # Found where `source .venv/bin/activate` puts it on PATH.
    assert "--file" in (desk.folder / ".venv" / "bin" / "pulumi.installed").read_text()


@pytest.mark.parametrize("options", [(), ("--record",)])
def test_another_download_than_it_was_is_an_end_and_nothing_else_is_tried(
    desk: Desk, options: tuple[str, ...]
) -> None:
    desk.setup("--record")
    before = desk.lock.read_text()
    desk.pulumi.unlink()
    desk.offer("#!/bin/sh\ntouch owned\n")
    refused = desk.setup(*options)
    assert refused.returncode == 2
    assert "find out why before anything else" in refused.stderr
    assert (desk.lock.read_text(), desk.pulumi.exists()) == (before, False)
