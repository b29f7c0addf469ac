"""How results leave a command: one document, and one file a format that writes it.

A command makes a `document.Document`; terminal, Markdown and HTML render it. Plain strings in it
are escaped by each format, so that nothing from a tenant, a preview or an engine becomes live.
JSON and JUnit have shapes of their own; `github` keeps one comment or one issue up to date.
"""
