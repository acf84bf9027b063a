"""What lists decide by is what anyone may see of a lead (L9, Q3)."""

from datetime import timedelta

import pytest

from shared.domain.contact import shown
from shared.domain.lifecycle import settle
from shared.domain.listed import texts_of, texts_shown
from tests.builders import AT, DAY
from tests.filters import leads_of_every_kind, moments


@pytest.mark.parametrize("days", [0, 3, 14, 200])
def test_l9_what_is_searched_is_what_is_shown(days: float) -> None:
    hidden = 0
    for lead in leads_of_every_kind("contoso"):
        for at in (AT + timedelta(hours=1) + days * DAY, *moments(lead)):
            now = settle(lead, at).lead
            assert texts_shown(now, at) == texts_of(shown(now, at))
            # Storage asks a lead as it is stored, whom no timer has settled.
            assert texts_shown(lead, at) == texts_shown(now, at)
            hidden += texts_shown(now, at) != texts_of(now)
    assert hidden
