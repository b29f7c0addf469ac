"""The command line `python -m sandbox`."""
