"""Submissions that wait, what senders sent, marketplaces' tables."""
