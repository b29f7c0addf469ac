"""`phonemfa recover`: what a killed run left, settled so that the next one can work."""
