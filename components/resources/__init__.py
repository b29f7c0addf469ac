"""The resources of a tenant, each with the traps of the provider and of the API taken care of."""
