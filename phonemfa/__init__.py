"""The operator's command line beside `pulumi up`.

Owns what a person or a pipeline does around an update: looking, adopting, reporting, testing,
enforcing, and getting out of trouble. Refuses to declare anything: that is `components`.
"""
