"""The storage round trips of each operation; docs/decisions/0006-round-trips.md holds the table."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.fill import Filling
from local.issuer import AUDIENCE, Issuer
from shared import app, clock
from shared.domain.errors import InvalidRequest
from shared.domain.feedback import FeedbackFilter
from shared.domain.filters import LeadFilter, ListTab
from shared.domain.lead import Status
from shared.domain.lifecycle import Action, LeadAction, decide
from shared.domain.partner_order import PartnerField, PartnerOrder
from shared.domain.permissions import Caller
from shared.domain.programme.offers import RegisteredOffer
from shared.domain.programme.partner import LeadSource
from shared.domain.programme.profile import Profile
from shared.domain.telling.preferences import Preferences
from shared.domain.telling.webhooks import EVENTS, Secret, Webhook, WebhookState
from shared.http.auth import SigningKeys, TokenVerifier
from shared.ports.ports import Ports
from shared.settings import Settings
from shared.storage.tables import Tables
from shared.usecases.intake.parcels import Submission
from shared.usecases.intake.sent_leads import send_lead
from shared.usecases.leads import favorites, lists, read_leads
from shared.usecases.leads.facets import count_facets, count_found
from shared.usecases.outcomes.feedback import give_feedback, list_feedback, sum_feedback
from shared.usecases.outcomes.find_similar import find_similar
from shared.usecases.outcomes.list_partners import WantedPartners, list_partners
from shared.usecases.outcomes.read_advice import read_advice
from shared.usecases.telling import deliver, deliver_webhook, notification_centre
from shared.usecases.telling.deliver import deliver_events
from shared.usecases.telling.publish import publish_events
from tests.builders import ANN, AT, DAY, DEAL, received, submission_body
from tests.exports import ask
from tests.fakes.delivery import FakeMailer, FakeReceivers
from tests.fakes.wakeups import FakeWakeUps
from tests.in_process import InProcess
from tests.integration.conftest import Connect
from tests.messages import told
from tests.steps import TIMERS, answer, budget, listed, run_timers, submit
from tests.transports import RoundTrips


@pytest.mark.parametrize(("order", "expected"), [("created", (11, 13)), ("company", (20, 22))])
async def test_a_small_export_costs_what_it_writes(
    counted: Ports, trips: RoundTrips, source: LeadSource, order: str, expected: tuple[int, int]
) -> None:
    await submit(counted, source)
    spent(trips)
    assert (await ask(counted, source, order=order)).rows == 1
    assert spent(trips) == expected


@pytest.fixture
async def trips() -> RoundTrips:
    return RoundTrips()


@pytest.fixture
async def counted(connected: Connect, trips: RoundTrips, source: LeadSource) -> Ports:
    made = await connected(transport=trips)
    # Budgets are for warm caches: the operator's lists, registrations, offers and the directory are read once a minute.
    partner_id = source.partner_id or ""
    offer = RegisteredOffer(f"{partner_id}.crm", partner_id)
    await made.listings.put_offer(partner_id, offer, None)
    await made.listings.put_profile(partner_id, Profile("Contoso", published=True), None)
    await made.partners.contact_lists(AT)
    await made.directory.current(AT)
    await made.partners.known(partner_id, AT)
    await made.listings.offers(partner_id, AT)
    await made.outcomes.lessons(AT)
    await made.outcomes.year(partner_id, AT)
    await made.listings.profile(partner_id, AT)
    await made.listings.partner_of_offer(offer.id, AT)
    await made.listings.partners_of_title(offer.title, AT)
    trips.reset()
    return made


def spent(trips: RoundTrips) -> tuple[int, int]:
    found = trips.sequential, trips.requests
    trips.reset()
    return found


async def test_intake_hints_then_the_transaction(counted: Ports, trips: RoundTrips, source: LeadSource) -> None:
    await submit(counted, source)
    assert spent(trips) == (2, 3)


@pytest.mark.parametrize(
    "body",
    [
        {"Company": "F", "LeadSource": "AppSource-INS|contoso.crm"},
        {"customer": {"company": "F"}, "share": True, "location": "HQ"},
    ],
)
async def test_intake_costs_the_same_in_every_format(
    counted: Ports, trips: RoundTrips, source: LeadSource, body: dict[str, Any]
) -> None:
    await submit(counted, source, body)
    assert spent(trips) == (2, 3)


async def test_a_qualified_lead_notes_its_sender_beside_the_hints(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    submission = Submission(b'{"qualification": "salesQualified", "customer": {"company": "F"}}')
    caller = Caller("operator", "bo", is_operators=True)
    await send_lead(ports=counted, partner_id=source.partner_id or "", caller=caller, submission=submission, at=AT)
    assert spent(trips) == (2, 4)


@pytest.mark.parametrize("known_by", ["id", "title"])
async def test_a_source_of_the_programmes_notes_first_where_the_lead_goes(
    counted: Ports, trips: RoundTrips, source: LeadSource, known_by: str
) -> None:
    name = source.partner_id or ""
    programme = replace(source, partner_id=None)
    by_id = {"Company": "F", "LeadSource": f"AppSource-INS|{name}.crm"}
    made = await submit(counted, programme, by_id if known_by == "id" else submission_body(OfferTitle=name))
    assert made.status in ("received", "informational")
    assert spent(trips) == (3, 3)


async def test_what_waits_for_the_operator_costs_one_round_trip(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    with pytest.raises(InvalidRequest):
        await submit(counted, source, b"{}")
    assert spent(trips) == (1, 1)
    unknown = await submit(counted, replace(source, partner_id=None), {"Company": "F"})
    assert unknown.status == "unassigned"
    assert spent(trips) == (1, 1)


async def test_a_look_at_a_lead_writes_nothing_and_opening_it_reads_it_once(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    partner, lead = source.partner_id or "", (await submit(counted, source)).lead_id
    spent(trips)
    for _ in range(2):
        await read_leads.read_lead(ports=counted, partner_id=partner, person="ann", lead_id=lead, at=AT, peek=True)
        assert spent(trips) == (2, 3)
    await read_leads.open_lead(ports=counted, partner_id=partner, person="ann", lead_id=lead)
    assert spent(trips) == (2, 2)


async def test_m8_feedback_is_one_transaction_and_its_list_and_sums_cost_the_same_whatever_was_said(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    partner, wanted = source.partner_id or "", FeedbackFilter()

    async def look(at: datetime) -> tuple[int, int]:
        named: dict[str, Any] = {"ports": counted, "wanted": wanted, "budget": budget()}
        spent(trips)
        await asyncio.gather(list_feedback(**named, after=None, top=50, at=at), sum_feedback(**named))
        return spent(trips)

    for n in range(3):
        lead = (await submit(counted, source, submission_body(Title=str(n)))).lead_id
        named: dict[str, Any] = {"ports": counted, "partner_id": partner, "lead_id": lead, "by": ANN}
        spent(trips)
        await give_feedback(**named, rating=4, text="Good.", at=AT)
        assert spent(trips) == (2, 3)
        await give_feedback(**named, rating=4, text="Good.", at=AT + DAY)
        assert spent(trips) == (1, 2), "the same again writes nothing"
        await give_feedback(**named, rating=1, text=None if n else "Bad.", at=AT + DAY)
        assert spent(trips) == (2, 3)
        assert await look(AT + DAY) == (1, 2)
    # The one whose lead may have expired by now is looked at.
    assert (await look(AT + 20 * DAY))[1] == 3


async def test_read_three_requests_and_a_fourth_the_first_time(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    lead = (await submit(counted, source)).lead_id
    spent(trips)
    for expected in ((2, 4), (2, 3), (2, 3)):
        await read_leads.read_lead(ports=counted, partner_id=source.partner_id, person="ann", lead_id=lead, at=AT)
        assert spent(trips) == expected


async def test_other_leads_of_the_person_are_read_side_by_side(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    partner = source.partner_id or ""
    made = [(await submit(counted, source, submission_body(Description=str(n)))).lead_id for n in range(4)]
    spent(trips)
    seen = await read_leads.read_lead(
        ports=counted, partner_id=partner, person="ann", lead_id=made[0], at=AT, peek=True
    )
    assert (len(seen.related or ()), spent(trips)) == (3, (3, 6))
    await answer(counted, source, made[0])
    # Beside the transaction, which may be as slow as both reads.
    sequential, requests = spent(trips)
    assert (sequential <= 3, requests) == (True, 8)


@pytest.mark.parametrize(
    ("what", "prepare"),
    [
        (Action.ACCEPT, []),
        (LeadAction(Action.DECLINE, reason="budget"), []),
        (LeadAction(Action.EDIT, edits={"name": "B"}), [Action.ACCEPT]),
        (Action.WIN, [Action.ACCEPT]),
        (LeadAction(Action.LOSE, reason="budget"), [Action.ACCEPT]),
    ],
)
async def test_an_answer_takes_two_round_trips(
    counted: Ports, trips: RoundTrips, source: LeadSource, what: LeadAction | Action, prepare: list[Action]
) -> None:
    lead = (await submit(counted, source)).lead_id
    for step in prepare:
        await answer(counted, source, lead, step)
    spent(trips)
    await answer(counted, source, lead, what, versions=frozenset({"*"}))
    assert spent(trips) == (2, 5)


async def fill(ports: Ports, source: LeadSource, leads: int) -> None:
    """So many leads, a minute and a half apart."""
    for number in range(leads):
        await submit(ports, source, submission_body(Description=str(number)), at=AT + DAY / 1000 * number)


async def test_a_page_costs_its_ranges_and_the_marks(counted: Ports, trips: RoundTrips, source: LeadSource) -> None:
    await fill(counted, source, 60)
    pages: list[tuple[ListTab | None, set[Status], tuple[int, int]]] = [
        (ListTab.MARKETPLACE, set(), (1, 2)),
        (None, set(), (1, 3)),
        (ListTab.MARKETPLACE, {Status.RECEIVED}, (1, 2)),
        (None, {Status.RECEIVED, Status.INFORMATIONAL}, (2, 5)),
    ]
    for tab, statuses, expected in pages:
        spent(trips)
        page = await listed(counted, source, AT + DAY, tab=tab, status=frozenset(statuses))
        assert len(page.leads) == 50
        assert spent(trips) == expected, (tab, statuses)


SWEDEN = frozenset({"SE"})
RECEIVED = frozenset({Status.RECEIVED})


async def test_a_count_costs_its_ranges_and_facets_those_of_each_field_that_is_named(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    await fill(counted, source, 60)
    searches: list[tuple[dict[str, Any], int, int]] = [
        # Counted by status anyway: no lead is read for the number, and the status facet reads no archive.
        ({"tab": ListTab.MARKETPLACE, "status": RECEIVED}, 5, 6),
        ({"tab": ListTab.MARKETPLACE, "country": SWEDEN}, 1, 2),
        ({"tab": ListTab.MARKETPLACE, "country": SWEDEN, "status": RECEIVED}, 1, 3),
        ({"country": SWEDEN}, 2, 4),
        # Of a search by columns; facets need the documents of its hits, which stand together here.
        ({"country": SWEDEN, "search": "northwind"}, 2, 6),
    ]
    for asked, count, facets in searches:
        spent(trips)
        look = lists.Look(counted, source.partner_id or "", "ann", LeadFilter(**asked), AT + DAY)
        assert (await count_found(look, budget())).leads == 60
        assert spent(trips)[1] == count, asked
        assert (await count_facets(look, budget())).leads == 60
        assert spent(trips)[1] == facets, asked


async def test_favorites_one_range_then_the_leads_side_by_side(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    for number in range(5):
        lead = (await submit(counted, source, submission_body(Description=str(number)))).lead_id
        spent(trips)
        await favorites.set_favorite(
            ports=counted, partner_id=source.partner_id, person="ann", lead_id=lead, favorite=True
        )
        assert spent(trips) == (2, 2)
    page = await listed(counted, source, tab=ListTab.FAVORITES)
    assert len(page.leads) == 5
    assert spent(trips) == (2, 6)


async def test_the_notification_centre_reads_everything_side_by_side(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    partner = source.partner_id or ""
    for number in range(3):
        await submit(counted, source, submission_body(Description=str(number)))
    who: dict[str, Any] = {"ports": counted, "partner_id": partner, "person": "ann"}
    spent(trips)
    page = await notification_centre.list_notifications(**who, after=None, top=50, at=AT, budget=budget())
    assert spent(trips) == (1, 4)
    ids = {noticed.notification.id for noticed in page.noticed}
    assert len(ids) == 5, "and advice to name locations and keywords"
    for _ in range(2):
        await notification_centre.dismiss_many(**who, notification_ids=ids, at=AT, budget=budget())
        assert spent(trips) == (2, 4)
        await notification_centre.restore_many(**who, notification_ids=ids)
        assert spent(trips) == (2, 2)
    await notification_centre.dismiss(**who, notification_id=min(ids), at=AT, budget=budget())
    assert spent(trips) == (2, 4)
    await notification_centre.restore(**who, notification_id=min(ids), at=AT, budget=budget())
    assert spent(trips) == (2, 2)


@pytest.mark.parametrize("leads", [100, 1_000])
async def test_similar_deals_cost_the_same_however_many_leads_there_are(
    counted: Ports, trips: RoundTrips, source: LeadSource, tables: Tables, leads: int
) -> None:
    """The lead, a range a tab and the marks side by side, then the documents of what is told of."""
    partner, filled = source.partner_id or "", Filling()
    for number in range(leads):
        first = received(partner, AT + timedelta(minutes=number), Company=f"Customer {number}")
        life = [first, decide(first.lead, LeadAction(Action.ACCEPT, deal=DEAL), at=AT + DAY, by=ANN)]
        await filled.add(life[: 1 + number % 2])
    await filled.store(tables)
    lead = (await submit(counted, source, at=AT + 2 * DAY)).lead_id
    spent(trips)
    for top in (1, 5):
        found = await find_similar(
            ports=counted, partner_id=partner, person="ann", lead_id=lead, top=top, at=AT + 2 * DAY
        )
        assert (len(found), spent(trips)) == (top, (2, 4 + top))
    # Where nothing is alike nothing more is read.
    nobody = (await submit(counted, source, {"Company": "F", "LeadSource": "Azure"}, at=AT + 2 * DAY)).lead_id
    spent(trips)
    await find_similar(ports=counted, partner_id=partner, person="ann", lead_id=nobody, top=5, at=AT + 2 * DAY)
    assert spent(trips) == (1, 4)


async def test_m6_advice_reads_a_year_and_the_rest_side_by_side(
    counted: Ports, trips: RoundTrips, source: LeadSource
) -> None:
    partner = source.partner_id or ""
    await submit(counted, source)
    await publish_events(ports=counted, at=AT, budget=budget())
    spent(trips)
    found = await read_advice(ports=counted, partner_id=partner, at=AT)
    assert spent(trips) == (1, 4)
    assert [one.matter for one in found] == ["noLocation", "noKeywords"]
    # Nobody who rings the bell reads it: what the year has come to is cached as the profile is.
    who: dict[str, Any] = {"ports": counted, "partner_id": partner, "person": "ann", "after": None, "top": 50}
    page = await notification_centre.list_notifications(**who, at=AT, budget=budget())
    assert spent(trips) == (1, 4)
    assert [noticed.notification.kind for noticed in page.noticed] == ["hotLead", "advice", "advice"]
    # Ten minutes later the year is read anew, beside the rest; the profile after one.
    for minutes, requests in ((2, 5), (11, 6)):
        at = AT + timedelta(minutes=minutes)
        await notification_centre.list_notifications(**who, at=at, budget=budget())
        assert spent(trips) == (1, requests)


async def _life(ports: Ports, trips: RoundTrips, source: LeadSource, leads: int) -> dict[str, int]:
    """The requests of leads that come, are told, read, accepted, won, told again, and met by the timers."""
    partner = source.partner_id or ""
    await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    # What an instance reads once.
    await ports.partners.signing_key()
    found: dict[str, int] = {}
    trips.reset()

    def spend(what: str) -> None:
        found[what] = spent(trips)[1]

    async def tell(at: datetime) -> None:
        await deliver_events(ports=ports, now=lambda: at, budget=budget())

    bodies = [submission_body(Title=str(n), Email=f"{n}@northwind.example") for n in range(leads)]
    made = [(await submit(ports, source, body)).lead_id for body in bodies]
    spend("intake")
    for seconds in (0, 11):
        await tell(AT + timedelta(seconds=seconds))
    spend("told")
    await listed(ports, source, AT + DAY / 24)
    for lead in made:
        await read_leads.read_lead(ports=ports, partner_id=partner, person="ann", lead_id=lead, at=AT + DAY / 24)
    for lead in made:
        await answer(ports, source, lead, at=AT + DAY / 24)
    for lead in made:
        await answer(ports, source, lead, Action.WIN, at=AT + DAY)
    spend("read, accepted, won")
    await tell(AT + DAY)
    spend("told of two events")
    await run_timers(ports, AT + 20 * DAY, [*TIMERS, "remind"])
    spend("timers")
    return found


@pytest.mark.parametrize("leads", [1, 10])
async def test_a_leads_life_costs_no_more_than_its_budget(
    counted: Ports, trips: RoundTrips, source: LeadSource, leads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine more looks and moments pass than the work needs.
    monkeypatch.setattr(deliver, "LOOK_AGAIN_SECONDS", 600)
    monkeypatch.setattr(deliver_webhook, "MOMENT_SECONDS", 600)
    receivers, mailer = FakeReceivers(), FakeMailer()
    told = replace(counted, receivers=receivers, mailer=mailer)
    found = await _life(told, trips, source, leads)
    assert (len(receivers.taken), mailer.count) == (3 * leads, leads)
    if leads == 1:
        assert found == {"intake": 3, "told": 26, "read, accepted, won": 17, "told of two events": 12, "timers": 4}
    else:
        assert sum(found.values()) <= 28 * leads, found


async def test_what_messages_tell_costs_no_more_than_its_budget(
    counted: Ports, trips: RoundTrips, source: LeadSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver_webhook, "MOMENT_SECONDS", 600)
    fakes: dict[str, Any] = {"receivers": FakeReceivers(), "mailer": FakeMailer(), "wakeups": FakeWakeUps()}
    ports, partner = replace(counted, **fakes), source.partner_id or ""
    await ports.preferences.put(partner, Preferences("leads@contoso.example", digest_threshold=100))
    hook = Webhook("a" * 16, "https://crm.example/hook", EVENTS, AT, state=WebhookState.ACTIVE, secrets=(Secret("s"),))
    await ports.webhooks.put(partner, hook, None)
    await ports.partners.signing_key()
    made = await submit(ports, source)
    trips.reset()
    platform = await told(ports, AT, AT + timedelta(seconds=20))
    assert (spent(trips)[1], platform.handled) == (27, 4), "the partner, its webhook, its mail and what became of it"
    await answer(ports, source, made.lead_id, at=AT + DAY)
    trips.reset()
    platform = await told(ports, AT + DAY)
    assert (spent(trips)[1], platform.handled) == (12, 2)
    trips.reset()
    await told(ports, AT + 2 * DAY)
    assert spent(trips) == (0, 0)
    assert (len(fakes["receivers"].taken), fakes["mailer"].count) == (2, 1)


async def test_the_counter_tells_side_by_side_from_one_after_the_other(counted: Ports, trips: RoundTrips) -> None:
    import asyncio

    await asyncio.gather(*(counted.partners.ping() for _ in range(3)))
    assert spent(trips) == (1, 3)
    for _ in range(3):
        await counted.partners.ping()
    assert spent(trips) == (3, 3)


class Screens:
    """The page's screens and the interface's routes on counted ports, by their triggers."""

    def __init__(self, api: InProcess, trips: RoundTrips, partner_id: str) -> None:
        self._api = api
        self._trips = trips
        self._tenant = f"t-{partner_id}"

    async def cost(self, *paths: str) -> tuple[int, int]:
        """The round trips and requests of these, one after the other, where the partner was read a moment ago."""
        await self._get("/ui/preferences")
        await self._get("/ui/bell")
        spent(self._trips)
        for path in paths:
            await self._get(path)
        return spent(self._trips)

    async def _get(self, path: str) -> None:
        reply = await self._api.call("GET", path, as_="Leads.Admin", tenant=self._tenant)
        assert reply.status == 200, reply.text


@pytest.fixture
async def screens(
    counted: Ports,
    trips: RoundTrips,
    source: LeadSource,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Screens:
    monkeypatch.setattr(clock, "now", lambda: AT + DAY)
    issuer = Issuer("http://localhost:7071", tmp_path / "key.pem")
    told = settings.model_copy(update={"token_issuer": issuer.template, "token_audience": AUDIENCE})

    async def fetch() -> dict[str, Any]:
        return issuer.keys()

    verifier = TokenVerifier(told, SigningKeys(fetch), counted.partners)
    app.use(app.App(told, counted, verifier, app.limits(told)))
    return Screens(InProcess(issuer), trips, source.partner_id or "")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WantedPartners(), (1, 1)),
        (WantedPartners(performance=True), (2, 2)),
        (WantedPartners(order=PartnerOrder(PartnerField.NAME)), (1, 1)),
        (WantedPartners(order=PartnerOrder(PartnerField.STANDING), performance=True), (2, 2)),
    ],
)
async def test_m2_partners_cost_a_request_for_a_thousand_and_one_for_their_standings(
    counted: Ports, trips: RoundTrips, wanted: WantedPartners, expected: tuple[int, int]
) -> None:
    page = await list_partners(ports=counted, wanted=wanted, after=None, top=50, at=AT, budget=budget())
    assert page.items
    assert spent(trips) == expected


async def test_u1_a_list_on_the_page_costs_what_the_interfaces_does(
    counted: Ports, screens: Screens, source: LeadSource
) -> None:
    await fill(counted, source, 55)
    statuses = "status=received", "status=received,informational"
    for query in ("", "tab=marketplace", *statuses, "country=SE", "orderBy=company"):
        listed = await screens.cost(f"/partners/{source.partner_id}/leads?{query}")
        assert await screens.cost(f"/ui/leads?{query}") == listed, query
        count = await screens.cost(f"/partners/{source.partner_id}/leads?{query}&count=true")
        counted_later = await screens.cost(f"/ui/leads/count?{query.removeprefix('orderBy=company')}")
        assert counted_later[1] <= count[1], query


async def test_u1_a_lead_on_the_page_costs_no_more_than_the_lead_and_its_history(
    counted: Ports, screens: Screens, source: LeadSource
) -> None:
    lead = (await submit(counted, source)).lead_id
    at = f"/partners/{source.partner_id}/leads/{lead}"
    # The first look opens the lead.
    await screens.cost(at)
    both = await screens.cost(at, f"{at}/history")
    # What the reader has said of it is read beside the history.
    both = (both[0], both[1] + 1)
    shown = await screens.cost(f"/ui/leads/{lead}")
    assert (shown[0] <= both[0], shown[1] <= both[1]) == (True, True), (shown, both)
    peeked = await screens.cost(f"{at}?peek=true")
    for dialog in ("accept", "decline", "activity", "row"):
        assert await screens.cost(f"/ui/leads/{lead}/{dialog}") <= peeked, dialog
    assert await screens.cost(f"/ui/leads/{lead}/feedback") == (peeked[0] + 1, peeked[1] + 1)


async def test_u1_the_header_costs_no_more_than_the_counts(
    counted: Ports, screens: Screens, source: LeadSource
) -> None:
    await submit(counted, source)
    summary = await screens.cost(f"/partners/{source.partner_id}/leads/summary")
    # Once a day a person is looked for and noticed; some of it side by side, so only the requests are always as many.
    assert [(await screens.cost("/ui/top"))[1] for _ in range(3)] == [summary[1] + 2, summary[1] + 1, summary[1]]
    notified = await screens.cost(f"/partners/{source.partner_id}/notifications")
    assert await screens.cost("/ui/notifications") == await screens.cost("/ui/bell") == notified


async def test_m5_figures_that_are_told_apart_in_three_ways_cost_one_read(
    counted: Ports, screens: Screens, source: LeadSource
) -> None:
    await submit(counted, source)
    told = await screens.cost(f"/partners/{source.partner_id}/insights?groupBy=offer")
    # What is usual is read once in ten minutes; the standing beside the figures.
    _, stands = [await screens.cost(f"/partners/{source.partner_id}/standing") for _ in range(2)]
    both = await screens.cost("/ui/insights?groupBy=offer")
    assert both == (max(told[0], stands[0]), told[1] + stands[1])
