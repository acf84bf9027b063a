"""What keeps the rest right: missing hints, and how far behind work is."""
