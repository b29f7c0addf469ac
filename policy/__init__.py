"""The policy pack: what every stack's resources must keep, whatever its config says.

Owns the rules, how they are told, and the two places that run them: the Pulumi engine
(`pulumi preview --policy-pack policy`) and `phonemfa report`. Refuses to declare or to change
anything. `rules.RULES` lists the rules; docs/decisions/policy-pack.md says why it is built so.
"""
