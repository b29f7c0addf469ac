"""What the package costs, measured on this machine: `make bench` (docs/decisions/bench.md)."""
