"""`phonemfa smoke`: a test message of each channel, and its evidence."""
