"""What each screen shows, worked out before its template is filled in."""
