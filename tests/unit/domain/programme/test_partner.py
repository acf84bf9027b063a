"""Keys of sources (S2)."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.programme.partner import KEYS_MAX, LeadSource, SourceKey, accepts, rotated
from tests.builders import AT, DAY


def test_s2_the_old_key_works_for_the_overlap_and_no_longer() -> None:
    source = LeadSource("s", "contoso", "S", AT, keys=(SourceKey("old"),))
    keys = rotated(source, "new", AT, timedelta(hours=24))
    turned = replace(source, keys=keys)
    assert accepts(turned, "new", AT + 100 * DAY)
    assert accepts(turned, "old", AT + DAY - timedelta(milliseconds=1))
    assert not accepts(turned, "old", AT + DAY)
    assert not accepts(turned, "other", AT)


def test_s2_rotating_again_does_not_prolong_the_oldest_key() -> None:
    source = LeadSource("s", "contoso", "S", AT, keys=(SourceKey("a"),))
    for number in range(8):
        at = AT + timedelta(hours=number)
        source = replace(source, keys=rotated(source, f"new{number}", at, timedelta(hours=24)))
    assert len(source.keys) == KEYS_MAX
    assert not accepts(source, "a", AT + DAY)
