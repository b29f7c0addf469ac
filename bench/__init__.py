"""Figures of the package, measured on this machine: `make bench`.

Owns measuring. Refuses to judge: goals are printed beside the figures, and tests keep them.
"""
