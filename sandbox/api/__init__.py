"""The sandbox tenant over HTTP: Auth0's Management API, its token endpoint and control routes."""
