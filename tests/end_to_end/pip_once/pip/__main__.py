"""`python -m pip list`, asked once: a third of a second that each `pulumi up` would pay again.

Pulumi's Python language host asks pip for the packages of a program whenever it runs one. What pip
answered is kept in the file that $PIP_ONCE names; everything else is given to pip itself.
"""

import os
import subprocess
import sys
from pathlib import Path

QUESTION = ["list", "-v", "--format", "json"]


def main() -> None:
    """Answer from the file, or be pip."""
    kept = Path(os.environ["PIP_ONCE"])
    asked = sys.argv[1:]
    # A test may have an environment of its own, with other packages.
    remembered = asked == QUESTION and sys.prefix == os.environ["PIP_ONCE_OF"]
    if remembered and kept.exists():
        sys.stdout.write(kept.read_text(encoding="utf-8"))
        return
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "pip", *asked]
    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    sys.stdout.buffer.write(ended.stdout)
    if remembered and ended.returncode == 0:
        new = kept.with_name(f"{kept.name}.{os.getpid()}")
        new.write_bytes(ended.stdout)
        new.replace(kept)
    sys.exit(ended.returncode)


if __name__ == "__main__":
    main()
