"""`phonemfa doctor`: what could go wrong, before anything is written."""
