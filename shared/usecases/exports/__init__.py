"""Leads are written to files (X1–X5)."""
