"""What a delivery says, and what becomes of it."""
