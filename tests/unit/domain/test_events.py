"""What of an event is shown (L9)."""

from shared.domain.events import redacted_changes


def test_l9_free_text_leaves_the_changes_of_a_redacted_lead() -> None:
    changes = {"deal.notes": 1, "closing.notes": 2, "closing.reason": 3, "deal.name": 4}
    assert redacted_changes(changes) == {"closing.reason": 3, "deal.name": 4}
