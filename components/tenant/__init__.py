"""One way in to a tenant: who asks, how long an answer may take, what a failure says."""
