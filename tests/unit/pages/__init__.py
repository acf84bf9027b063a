"""The workspace page below the browser: its screens through the real trigger, its files, its view models (U1–U4)."""
