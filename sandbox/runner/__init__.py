"""Runs deployed Action code under Node with the shape Auth0 gives it."""
