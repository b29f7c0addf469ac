"""Stands in front of pip on the path of the tests' programs; __main__.py says why."""
