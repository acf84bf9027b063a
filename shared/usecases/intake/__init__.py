"""Submissions become leads, or wait (I1–I5, R1, R2)."""
