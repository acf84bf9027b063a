"""What a reader has said of a lead stands on its page, with the form to say it (M8, U1)."""

import html
import re

from shared import clock
from shared.domain.feedback import TEXT_MAX
from tests.builders import DAY
from tests.in_process import InProcess
from tests.unit.http.conftest import P
from tests.unit.pages.visiting import World, parsed, said, show


async def give(api: InProcess, world: World, rating: int, text: str | None, user: str = "ann") -> None:
    path = f"{P}/leads/{world.waiting}/feedback"
    reply = await api.call("POST", path, {"rating": rating, "text": text}, as_="Leads.User", user=user)
    assert reply.status in (200, 201)


def box(text: str) -> str:
    """The place of feedback on a page."""
    found = re.search(r'<section class="feedback".*?</section>', text, re.DOTALL)
    assert found
    return found[0]


def ratings(text: str) -> dict[str, bool]:
    """The ratings to choose from, and whether each is chosen."""
    radios = [one for tag, one in parsed(text) if tag == "input" and one.get("name") == "rating"]
    assert all(one["type"] == "radio" and "required" in one for one in radios)
    return {one["value"]: "checked" in one for one in radios}


async def test_m8_whoever_has_said_nothing_is_asked(api: InProcess, world: World) -> None:
    reply = await show(api, f"leads/{world.waiting}", as_="Leads.User")
    assert ratings(reply.text) == dict.fromkeys("54321", False)
    text = said(reply)
    for rating in ("5 – very good", "4 – good", "3 – fair", "2 – poor", "1 – very poor", "Say how good this lead is"):
        assert rating in text
    assert "Thank you" not in text
    (area,) = (one for tag, one in parsed(box(reply.text)) if tag == "textarea")
    assert (area["name"], area["maxlength"]) == ("text", str(TEXT_MAX))


async def test_m8_whoever_has_said_something_sees_it_and_may_change_it(api: InProcess, world: World) -> None:
    await give(api, world, 2, "<b>They</b> bought & left.")
    await give(api, world, 5, "Bob's own words.", user="bob")
    by_itself = await show(api, f"leads/{world.waiting}/feedback")
    page = await show(api, f"leads/{world.waiting}")
    assert box(page.text) == by_itself.text.strip()
    assert ratings(by_itself.text) == {"5": False, "4": False, "3": False, "2": True, "1": False}
    text = html.unescape(by_itself.text)
    assert text.count("<b>They</b> bought & left.") == 2, "as it was said, and in the form"
    assert "<b>" not in by_itself.text
    assert "Bob's" not in page.text
    words = said(by_itself)
    assert "Thank you. You said: ★★☆☆☆ 2 – poor" in words
    assert "Change your feedback" in words
    assert "It takes the place of what you said before." in words


async def test_m8_where_details_are_hidden_so_is_the_text_and_none_is_asked_for(api: InProcess, world: World) -> None:
    await give(api, world, 4, "Ada is at extension 12.")
    clock.offset = 15 * DAY
    reply = await show(api, f"leads/{world.waiting}")
    words = said(reply)
    assert "extension 12" not in reply.text
    assert "4 – good" in words
    assert "Your text is not shown" in words
    assert "only the rating is asked for" in words
    assert "textarea" not in box(reply.text)
