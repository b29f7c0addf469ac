"""A stand-in for the official `pulumi-resource-auth0`, for machines that cannot download it.

It is not the official plugin. It knows seven resource types and one function, sends the requests
that the official plugin was recorded sending for them, and answers everything else with
"not in the stand-in".
"""

STAND_IN = "auth0 plugin: STAND-IN of this project, not the official one"
"""What a user is told; `phonemfa/pulumi/preview.py` knows it in what the engine repeats."""
