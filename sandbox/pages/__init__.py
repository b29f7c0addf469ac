"""The sandbox's pages: what a person looks at, at http://localhost:8445.

Plain HTTP on loopback, as no browser trusts the sandbox's CA (docs/decisions/pages.md).
"""

from sandbox.pages.app import build_pages

__all__ = ["build_pages"]
