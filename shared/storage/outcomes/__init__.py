"""What was learned of all partners' leads."""
