"""What a part outside may say beside `Unavailable`."""


class LostRace(Exception):
    """Somebody else changed the row first, and this change took no effect: load again and decide again."""


class NoSuchTable(Exception):
    """The storage account has no table of this name."""


class FileGone(Exception):
    """A file, or a block that was uploaded for it, is not there: somebody has deleted it or put it together."""
