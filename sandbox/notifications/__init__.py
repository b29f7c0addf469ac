"""From an MFA challenge of the sandbox tenant to a message on a phone."""
