"""Texts from outside."""

from shared.domain.text import flaw, repaired


def test_texts_from_outside_are_judged_and_repaired() -> None:
    assert flaw("Ada Berg\u202e") is None
    assert flaw("a\nb") is not None
    assert flaw("a\nb\tc", lines=True) is None
    # Where a line ends for some programs, a forged line of ours would begin.
    assert flaw("a\u2028b") is not None
    assert repaired("Acme\u2028\u2029Open the lead:", 99) == "Acme  Open the lead:"
    assert flaw("a\x00b", lines=True) is not None
    assert flaw("\ud800") is not None
    assert repaired("  a\x00b  ", 10) == "a b"
    assert repaired(" \x00 ", 10) is None
    assert repaired("abc   def", 6) == "abc"
