"""The commands of `python -m phonemfa`.

Owns which commands there are. Refuses what they do: each has a package of its own.
"""

from __future__ import annotations

import typer

from phonemfa.adopt.command import adopt
from phonemfa.break_glass.command import break_glass
from phonemfa.doctor.command import doctor
from phonemfa.drift.command import drift
from phonemfa.enforce.command import enforce
from phonemfa.fleet.command import fleet
from phonemfa.recover.command import recover
from phonemfa.report.command import report
from phonemfa.rollback.command import rollback
from phonemfa.rotate.command import rotate
from phonemfa.smoke.command import smoke

app = typer.Typer(
    name="phonemfa",
    help="Looks after an Auth0 tenant's phone MFA beside `pulumi up`.",
    epilog="Exit status: 0 fine, 1 something is wrong, 2 no answer, 7 drift.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Looks after an Auth0 tenant's phone MFA beside `pulumi up`."""


app.command()(doctor)
app.command()(adopt)
app.command()(drift)
app.command()(report)
app.command()(smoke)
app.command()(enforce)
app.command()(break_glass)
app.command()(rollback)
app.command()(rotate)
app.command()(recover)
app.command()(fleet)
