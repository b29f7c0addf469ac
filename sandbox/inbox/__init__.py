"""What the phones of the sandbox received, and what became of what was sent to them."""
