"""The pages, schemas and pictures that are made from the code: `make reference` writes them.

Owns saying in other forms what the code says already: docs/reference/, the picture of the
architecture, the config block of Pulumi.yaml. Refuses to say anything of its own but examples
(which tests check): a fact that a page lacks belongs into the code that it is made from.
"""
