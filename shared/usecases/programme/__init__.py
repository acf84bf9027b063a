"""Partners, what they publish, and the operator's lists (S1, S6)."""
