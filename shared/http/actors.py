"""Who did something, as the interface shows it."""

from typing import Annotated

from pydantic import WithJsonSchema

# The standard one does not tell pydantic enough before Python 3.12.
from typing_extensions import TypedDict

from shared.domain.lead import Actor

ActorText = Annotated[str, WithJsonSchema({"type": "string", "enum": ["person", "sender", "source", "timer"]})]


class ActorView(TypedDict):
    """Who did something."""

    kind: ActorText
    id: str
    name: str | None


def actor_view(actor: Actor) -> ActorView:
    """Who it was."""
    return {"kind": actor.kind, "id": actor.id, "name": actor.name}
