"""Actions: drafts, builds, versions, deploys, and which of them run for a trigger."""
