"""`python -m sandbox`; see `sandbox.cli`."""

from sandbox.cli.main import main

if __name__ == "__main__":
    main()
