"""`phonemfa rotate`: a new CPaaS key, without a moment in which none works."""
