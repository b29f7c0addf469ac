"""The sandbox as a running process: TLS, ports, credentials, start and stop."""
