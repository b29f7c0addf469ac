"""`python -m phonemfa.break_glass`: the one command that must run when nothing else does.

Of the components it loads the modules that speak to a tenant, and nothing of Pulumi
(tests/phonemfa/break_glass/alone.py has the list).
"""

import typer

from phonemfa.break_glass.command import break_glass
from phonemfa.output.terminal import run_app

if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(break_glass)
    run_app(app)
