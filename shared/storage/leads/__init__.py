"""Leads, their marks and counts."""
