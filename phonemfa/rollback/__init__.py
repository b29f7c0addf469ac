"""`phonemfa rollback`: an earlier version of the Action runs again."""
