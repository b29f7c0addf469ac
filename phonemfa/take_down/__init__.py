"""`phonemfa take-down`: what `pulumi destroy` would stumble over, before its first deletion."""
