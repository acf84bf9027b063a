"""How often Python looks for garbage that counting references does not find.

By default it looks after 700 new objects. One lead is made of twenty, so a page of them, and above all an export, was
looked through again and again: a sixth of its CPU. Hardly anything here is such garbage.
"""

import gc

YOUNG = 10_000
"""New objects after which it looks at those; at older ones after ten and a hundred times as many."""


def settle() -> None:
    """Once all is loaded: that stays, so no look goes through it again, and looks are rare."""
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    gc.enable()
