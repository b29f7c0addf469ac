"""`python -m phonemfa`."""

from phonemfa.cli import run

run()
