"""`python -m phonemfa.break_glass`: the one command that must run when nothing else does.

Owns standing alone: of the package it loads what speaks to a tenant, and nothing of Pulumi or of
the components.
"""

from __future__ import annotations

import typer

from phonemfa.break_glass.command import break_glass

if __name__ == "__main__":
    typer.run(break_glass)
