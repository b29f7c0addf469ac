"""`phonemfa report`: what a change does, for whoever reviews it."""
