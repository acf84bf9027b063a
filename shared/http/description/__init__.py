"""The interface describes itself."""
