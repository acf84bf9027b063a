"""The whole system against a small reference that knows better (docs/reliability.md)."""
