"""What a stack's file may say: the settings, their rules and texts, and how they are loaded."""
