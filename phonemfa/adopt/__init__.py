"""`phonemfa adopt`: a tenant that was set up by hand becomes a stack."""
