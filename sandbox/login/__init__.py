"""A login at the sandbox tenant: who is asked for a code, and what becomes of it.

Rules only; `sandbox/pages` shows them.
"""
