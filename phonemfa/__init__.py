"""The operator's command line beside `pulumi up`.

Owns looking at a live tenant before and after Pulumi writes to it. Refuses to declare anything:
that is `components`.
"""
