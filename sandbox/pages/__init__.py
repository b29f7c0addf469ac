"""The sandbox's pages: what a person looks at, at http://localhost:8445.

Owns HTML, style, the little script that keeps a page up to date, and the guard that keeps other
sites out. Refuses rules: a page shows what tenant, phones and notifications say, and asks them to
act. Plain HTTP on loopback, as no browser trusts the sandbox's CA (docs/decisions/pages.md).
"""

from sandbox.pages.app import Behind, build_pages

__all__ = ["Behind", "build_pages"]
