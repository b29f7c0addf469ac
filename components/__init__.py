"""The resources of one tenant's phone MFA: settings, components, and hooks around their writes."""
