"""The Pulumi engine: found, downloaded or built, and what it runs with."""
