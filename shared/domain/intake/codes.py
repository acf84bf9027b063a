"""The codes that marketplaces write: sources (T3), actions (T5, T6), test marks (T9). Never refused, kept as sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.lead import CallToAction, Source

_SOURCES = {
    "appsource": Source.APP_SOURCE,
    "spza": Source.APP_SOURCE,
    "appsourcespza": Source.APP_SOURCE,
    "microsoftappsource": Source.APP_SOURCE,
    "azuremarketplace": Source.AZURE_MARKETPLACE,
    "azureportal": Source.AZURE_PORTAL,
}


def _bare(text: str | None) -> str:
    return "".join(c for c in (text or "").casefold() if c.isalnum())


def _known(text: str | None) -> Source:
    return _SOURCES.get(_bare(text), Source.OTHER)


def lead_source(text: str | None) -> Source:
    """T3: the source behind a sender's spelling, also where I2's line begins with it; `other` for one unknown."""
    return _known(source_line(text).source)


@dataclass(frozen=True)
class Effect:
    """What an action code says: a call to action of its own, the offer's first, or the offer's alone; and DNC."""

    own: CallToAction | None = None
    offer_first: bool = False
    forbids_contact: bool = False


ACTIONS: Mapping[str, Effect] = {
    "plt": Effect(CallToAction.CONTACT_ME),
    "ins": Effect(CallToAction.GET_IT_NOW, offer_first=True),
    "create": Effect(CallToAction.GET_IT_NOW),
    "starttestdrive": Effect(CallToAction.TEST_DRIVE),
    "dnc": Effect(forbids_contact=True),
}
"""T5, whole; a code that is missing here or from the submission is the registered offer's business."""
_UNKNOWN = Effect(offer_first=True)


def call_to_action(code: str | None, registered: CallToAction | None = None) -> CallToAction | None:
    """T5: the call to action behind an action code; `registered` is the registered offer's."""
    effect = ACTIONS.get((code or "").strip().casefold(), _UNKNOWN)
    return registered or effect.own if effect.offer_first else effect.own


def forbids_contact(code: str | None) -> bool:
    """T6: the action code that says the customer must not be contacted."""
    return ACTIONS.get((code or "").strip().casefold(), _UNKNOWN).forbids_contact


TEST_MARK = "MSFT_TEST_"
"""T9: stands in names and addresses of a connection test."""


def is_test(*texts: str | None) -> bool:
    """T9: true when a name or address carries the marketplace's connection test mark."""
    return any(TEST_MARK.casefold() in text.casefold() for text in texts if text)


@dataclass(frozen=True)
class SourceLine:
    """What `Source-Action|publisherId.offerId` says (I2); a part that is missing is None."""

    source: str | None = None
    action: str | None = None
    offer_id: str | None = None


def source_line(text: str | None) -> SourceLine:
    """Take a lead source apart; any part may be missing, and both sides of the bar may hold dashes.

    The dash between source and action is the one with a known word on each side, else with a known action behind it,
    else with a known source before it, else the last one. A source that is known whole has no action; without a bar
    and a known word the text is a source and nothing else.
    """
    left, bar, offer_id = (text or "").partition("|")
    left, offer_id = left.strip(), offer_id.strip()
    source, action = left, ""
    if _known(left) is Source.OTHER:
        best = max(_splits(left), key=_likeness)
        if bar or _likeness(best):
            source, action = best
    return SourceLine(source or None, action or None, offer_id or None)


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way to cut at a dash, the last dash first; uncut when there is none."""
    places = [n for n, c in enumerate(text) if c == "-"]
    if not places:
        yield text, ""
    for n in reversed(places):
        yield text[:n].strip(), text[n + 1 :].strip()


def _likeness(split: tuple[str, str]) -> int:
    source, action = split
    return 2 * (action.casefold() in ACTIONS) + (_known(source) is not Source.OTHER)
