"""`python -m phonemfa`."""

from phonemfa.cli import app

# Named, or the completion scripts that typer makes would be for a program "python -m phonemfa".
app(prog_name="phonemfa")
