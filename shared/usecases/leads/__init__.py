"""Leads are read, listed, counted and answered (L1–L9, Q1–Q6)."""
