"""The app under Microsoft's own worker library."""
