"""Texts for people that hold values: English now, and said again in another language at the edge (N4; API.md)."""

from collections.abc import Mapping


class Message(str):
    """An English text; `template` and `named` are what it was made of, for whoever translates it."""

    __slots__ = ("named", "template")
    template: str
    named: Mapping[str, object]

    @classmethod
    def of(cls, english: str, template: str, named: Mapping[str, object]) -> "Message":
        """A text whose English is written already."""
        made = cls(english)
        made.template, made.named = template, named
        return made


def say(template: str, **named: object) -> Message:
    """The text with the values filled in: `say("There are at most %(most)d.", most=10)`."""
    return Message.of(template % named, template, named)
