"""The sandbox's pages: what a person looks at, at http://localhost:8445.

Plain HTTP on loopback, as no browser trusts the sandbox's CA (docs/decisions/pages.md).
"""
