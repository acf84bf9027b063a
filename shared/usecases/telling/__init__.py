"""Events reach people and systems (N1–N7, W1–W5)."""
