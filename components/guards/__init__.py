"""Hooks around writes: what must be looked at, or finished, before a tenant is changed."""
