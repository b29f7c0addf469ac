"""The policy pack: what every stack's resources must keep, whatever its config says.

The Pulumi engine runs them (`pulumi preview --policy-pack policy`), and `phonemfa report` does.
`rules.RULES` lists the rules; docs/decisions/policy-pack.md says why it is built so.
"""
