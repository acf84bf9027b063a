"""Two hosts on one storage while everything goes wrong, and whether all is well afterwards (docs/reliability.md)."""
