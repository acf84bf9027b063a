"""Partners and what they publish."""
