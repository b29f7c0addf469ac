"""Asking users for codes, as a last and guarded step."""
