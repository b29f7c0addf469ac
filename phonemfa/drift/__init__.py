"""`phonemfa drift`: what a tenant has that its stack does not say."""
