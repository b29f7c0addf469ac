"""`make reference`: the pages, schemas and pictures that are made from the code."""
