"""A company's own repository, made by one command."""
