"""The language a mail is written in (N4)."""

import pytest

from shared.domain.telling.preferences import language


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("de-AT", "de"), ("pt", "pt-BR"), ("PT_br", "pt-BR"), ("fr", "en"), (None, "en"), ("", "en"), ("SV", "sv")],
)
def test_n4_the_nearest_language(tag: str | None, expected: str) -> None:
    assert language(tag) == expected
