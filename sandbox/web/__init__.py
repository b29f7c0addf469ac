"""What every listener of the sandbox shares: bodies, broken connections, the guard."""
