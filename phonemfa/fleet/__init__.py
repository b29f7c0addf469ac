"""`phonemfa fleet`: many tenants in one go. Running it again does what is left."""
