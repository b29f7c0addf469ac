"""What the workflows of a company's repository call beside the other commands."""
