"""Opaque tokens of pages (Q5) and syncs (`since`): a cursor to go on from, bound to whose it is and what it filters.

The token holds no secret; its check makes a foreign, stale-filtered or mangled one a 400 instead of a wrong page.
"""

import base64
import binascii
import re

from shared.domain.errors import Detail, InvalidRequest
from shared.ids import digest


def make(cursor: str, *scope: str) -> str:
    """The token for a cursor in the list that the scope names."""
    return base64.urlsafe_b64encode(f"{digest(cursor, *scope)}{cursor}".encode()).decode().rstrip("=")


def read(token: str, form: re.Pattern[str], *scope: str, target: str = "pageToken") -> str:
    """The cursor a token names; raises InvalidRequest for a token of another list, filter or making.

    The check keeps out mistakes, not forgers, so the cursor must also be of the list's form.
    """
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    check, cursor = text[:32], text[32:]
    if not form.fullmatch(cursor) or check != digest(cursor, *scope):
        fault = Detail("invalidValue", "The token belongs to another list or filter, or is damaged.", target)
        raise InvalidRequest("The token is not valid.", details=[fault])
    return cursor
