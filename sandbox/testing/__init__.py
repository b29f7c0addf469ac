"""What other projects' tests use of the sandbox: a pytest plugin, docs/guides/see-it.md."""
