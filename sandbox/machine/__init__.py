"""What the sandbox's tools need of this machine: files, locks, other processes, a terminal."""
