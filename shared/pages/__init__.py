"""The workspace page (U1–U4): view models, templates and files, on the use cases that the interface has."""
