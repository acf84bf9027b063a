"""Deliveries that wait, what senders sent, marketplaces' tables."""
