"""What leads come to: insights, standing, advice, and what is learned of it."""
