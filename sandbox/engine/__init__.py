"""The Pulumi engine: finds, downloads or builds it, and makes the environment it runs in.

Owns everything between this checkout and a `pulumi` process: CLI and language host (`ensure`),
the auth0 plugin (`plugin`), the environment (`environment`) and the sandbox's own stack
(`stack`). Refuses to know the tenant that Pulumi talks to, other than by its address and
credentials, and never touches the user's own Pulumi login, home or plugins.
"""
