"""`python -m phonemfa`."""

from phonemfa.cli import app

app()
