"""`python -m phonemfa.break_glass`: the one command that must run when nothing else does.

Of the components it loads the modules that speak to a tenant, and nothing of Pulumi
(tests/phonemfa/break_glass/alone.py has the list).
"""

from phonemfa.__main__ import main

if __name__ == "__main__":
    main("phonemfa.break_glass.command")
