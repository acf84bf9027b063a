"""What a submission says, and what becomes of it."""
