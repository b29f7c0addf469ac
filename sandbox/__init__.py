"""A tenant, a CPaaS and a Pulumi engine on this machine, to try the package for real."""
