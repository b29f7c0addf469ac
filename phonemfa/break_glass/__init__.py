"""`phonemfa break-glass`: the policy to never, now, without Pulumi."""
