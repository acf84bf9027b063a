"""Lanes, mails, preferences and subscriptions."""
