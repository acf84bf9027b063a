"""The screens: each reads through a use case and fills a template (U1)."""
