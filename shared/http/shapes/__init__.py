"""What is taken and answered: views and requests."""
