"""The ports in memory, one module for each module of `shared/ports`."""
