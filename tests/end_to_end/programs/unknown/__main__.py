"""Declares something that has nothing to do with phone MFA."""

import pulumi_auth0 as auth0

auth0.Role("role", name="reader")
