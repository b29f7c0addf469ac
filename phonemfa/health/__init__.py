"""`phonemfa health`: whether codes arrive, by the tenant's own log."""
