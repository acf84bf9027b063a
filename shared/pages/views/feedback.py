"""What a reader has said of a lead, and the form to say it with (M8)."""

from dataclasses import dataclass

from shared.domain.feedback import BEST, TEXT_MAX, WORST
from shared.domain.instants import stamp
from shared.pages.words import Words
from shared.usecases.outcomes.feedback import OwnFeedback


@dataclass(frozen=True)
class Choice:
    """A rating to choose; `stars` shows it to who sees."""

    rating: int
    stars: str
    label: str


@dataclass(frozen=True)
class Said:
    """What the reader has said; `is_text_hidden` where there is a text that is not shown (L9)."""

    choice: Choice
    text: str | None
    is_text_hidden: bool
    at: str
    iso: str


@dataclass(frozen=True)
class FeedbackBox:
    """The place of feedback on a lead's page; it takes no text where nobody could read one."""

    lead_id: str
    said: Said | None
    choices: tuple[Choice, ...]
    takes_text: bool
    text_max: int


def box_of(lead_id: str, own: OwnFeedback, words: Words) -> FeedbackBox:
    """The place as this reader sees it."""
    choices = {rating: Choice(rating, _stars(rating), label) for rating, label in _labels(words).items()}
    said = None
    if own.seen:
        feedback = own.seen.feedback
        iso = stamp(feedback.updated_at)
        said = Said(choices[feedback.rating], feedback.text, own.seen.is_text_hidden, words.moment(iso), iso)
    return FeedbackBox(lead_id, said, tuple(choices.values()), not own.hides_text, TEXT_MAX)


def _stars(rating: int) -> str:
    return "★" * rating + "☆" * (BEST - rating)


def _labels(words: Words) -> dict[int, str]:
    """What people call the ratings, the best first."""
    labels = (
        words.say("5 – very good"),
        words.say("4 – good"),
        words.say("3 – fair"),
        words.say("2 – poor"),
        words.say("1 – very poor"),
    )
    return dict(zip(range(BEST, WORST - 1, -1), labels, strict=True))
