"""The engine, as commands use it: which stack, which config, and running `pulumi` on it."""
