"""`python -m phonemfa`, and the installed command `phonemfa`."""

import atexit
import gc
import sys
from importlib import import_module


def main(program: str = "phonemfa.cli") -> None:
    """Run a command line, the `run` of a module, or say which packages it misses."""
    try:
        run = import_module(program).run
        # No search for garbage in all that was loaded: the process ends.
        atexit.register(gc.freeze)
        run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("phonemfa"):
            raise
        sys.exit(f"The command line needs {error.name}: pip install 'phonemfa[cli]'")


if __name__ == "__main__":
    main()
