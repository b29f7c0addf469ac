"""The command line `python -m sandbox`.

Owns what a person types and reads: commands, their order of work, messages and exit statuses.
Refuses the work itself: engine, stack and server have their own folders.
"""
