"""`python -m phonemfa`, and the installed command `phonemfa`."""

import atexit
import gc
import sys


def main() -> None:
    """Run the command line, or say which packages it misses."""
    try:
        from phonemfa.cli import run  # noqa: PLC0415 - its packages are an extra

        # No search for garbage in all that was loaded: the process ends.
        atexit.register(gc.freeze)
        run()
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("phonemfa"):
            raise
        sys.exit(f"The command line needs {error.name}: pip install 'phonemfa[cli]'")


if __name__ == "__main__":
    main()
