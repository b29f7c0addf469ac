"""What the project's developers need, and no user of it: figures, reference pages, supply chain."""
