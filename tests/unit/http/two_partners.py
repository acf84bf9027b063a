"""Two partners with one of everything each, on ports in memory, made once and put back as often as it is asked for."""

from collections import Counter
from dataclasses import replace
from typing import Any

from shared.domain.exports.export import Export, Layout
from shared.domain.filters import LeadFilter
from shared.domain.ordering import Order
from shared.domain.programme.directory import Directory, Entry
from shared.domain.programme.partner import PartnerState
from shared.domain.telling.dispatch import Attempt, Dispatch, DispatchState
from shared.domain.telling.unsubscribe import make_token
from shared.domain.telling.webhooks import WebhookState
from shared.ids import new_export_id
from tests.builders import AT, DEAL_BODY, submission_body
from tests.fakes.ports import FakePorts
from tests.in_process import InProcess, Reply

BASE = "http://localhost:7071/api"
OPERATOR: dict[str, Any] = {"as_": "Operator", "tenant": "operator"}
MARKS = {"contoso": "Quixotry", "fabrikam": "Zylphia"}
"""A word that stands in everything that is one partner's own, and nowhere else."""

Things = dict[str, str]
Snapshot = dict[str, dict[str, Any]]


async def make(api: InProcess, ports: FakePorts) -> dict[str, Things]:
    """Make both partners; what each has, by name."""
    for partner in MARKS:
        body = {"name": partner.title(), "tenantIds": [partner], "publisherIds": [partner]}
        await _done(api, "PUT", f"/partners/{partner}", body, **OPERATOR)
    common = await _programme(api)
    found = {partner: common | await _things(api, ports, partner) for partner in MARKS}
    entries = [Entry(partner, partner.title(), "CRM.", ("crm",)) for partner in MARKS]
    await ports.directory.put(Directory.of(entries, {}), None)
    return found


async def _programme(api: InProcess) -> Things:
    """What is nobody's: the programme's sources, and what came through them."""
    made = (await _done(api, "POST", "/sources", {"name": "All offers"}, **OPERATOR)).json
    table = {"name": "Table", "kind": "marketplaceTable", "tableName": "Leads1"}
    directory = (await _done(api, "POST", "/sources", {"name": "Site", "kind": "directory"}, **OPERATOR)).json
    keyed = (await _done(api, "POST", "/sources", table, **OPERATOR)).json
    return {
        "programmeSourceId": made["id"],
        "directoryKey": directory["key"],
        "tableSourceId": keyed["id"],
        "tableKey": keyed["key"],
        "page": "nowhere",
    }


async def _things(api: InProcess, ports: FakePorts, partner: str) -> Things:
    p, mark = f"/partners/{partner}", MARKS[partner]
    own: dict[str, Any] = {"as_": "Partner.Admin,Sender", "tenant": partner}
    source = (await _done(api, "POST", f"{p}/sources", {"name": mark}, **OPERATOR)).json
    rotated = (await _done(api, "POST", f"{p}/sources", {"name": f"{mark} old"}, **OPERATOR)).json
    gone = (await _done(api, "POST", f"{p}/sources", {"name": f"{mark} gone"}, **OPERATOR)).json
    await _done(api, "DELETE", f"{p}/sources/{gone['id']}", None, **OPERATOR)
    door = f"/intake/{source['id']}?key={source['key']}"

    async def lead(title: str) -> str:
        body = submission_body(
            Company=f"{mark} {title}", Email=f"{mark}@{partner}.example", Title=title, Description=mark
        )
        return str((await _done(api, "POST", door, body)).json["id"])

    waiting, accepted = await lead("waiting"), await lead("accepted")
    deal = DEAL_BODY | {"name": mark, "notes": mark}
    await _done(api, "POST", f"{p}/leads/{accepted}/accept", deal, **own)
    await _done(api, "POST", f"{p}/leads/{waiting}/activities", {"kind": "note", "text": mark}, **own)
    await _done(api, "POST", f"{p}/leads/{waiting}/feedback", {"rating": 2, "text": mark}, **own)
    qualified = {
        "qualification": "salesQualified",
        "customer": {"company": mark},
        "consent": {"share": True, "contact": True},
    }
    sent = (await _done(api, "POST", f"{p}/leads", qualified, **own)).json["id"]
    await _done(api, "PUT", f"{p}/offers/{partner}.crm", {"title": mark}, **own)
    await _done(api, "PUT", f"{p}/offers/elsewhere{partner}.erp", {"title": f"{mark} ERP"}, **own)
    contact = {"name": mark, "email": f"{mark}@{partner}.example", "language": "sv"}
    place = {"name": "HQ", "country": "SE", "contacts": [contact]}
    await _done(api, "PUT", f"{p}/profile", {"name": partner.title(), "published": True, "locations": [place]}, **own)
    await _done(api, "PUT", f"{p}/preferences", {"preferredEmail": f"{mark}@{partner}.example"}, **own)
    address = f"{mark.lower()}.gone@{partner}.example"
    await ports.preferences.add_unwanted(partner, address, "unsubscribed")
    hook = await _hook(api, ports, partner, "active")
    disabled = await _hook(api, ports, partner, "disabled")
    export = (await _done(api, "POST", f"{p}/exports", {"filter": {"search": mark}}, **own)).json["id"]
    running = Export(new_export_id(AT), partner, "ann", AT, LeadFilter(), Order.read("created"), Layout())
    await ports.exports.add(running)
    parked, unassigned = await _held(api, ports, partner, door)
    noticed = (await _done(api, "GET", f"{p}/notifications", None, **own)).json["value"]
    about = [one["id"] for one in noticed if one["leadId"] in (waiting, sent)]
    await _done(api, "POST", f"{p}/notifications/{about[1]}/dismiss", None, **own)
    person = {"email": f"{mark}.nobody@{partner}.example"}
    erasure = (await _done(api, "POST", "/erasures", person, **OPERATOR)).json["id"]
    token = make_token(partner, f"{mark}@{partner}.example", await ports.partners.signing_key())
    return {
        "partnerId": partner,
        "sourceId": source["id"],
        "key": source["key"],
        "rotatedId": rotated["id"],
        "rotatedKey": rotated["key"],
        "deletedId": gone["id"],
        "deletedKey": gone["key"],
        "leadId": waiting,
        "accepted": accepted,
        "sent": sent,
        "offerId": f"{partner}.crm",
        "pendingOfferId": f"elsewhere{partner}.erp",
        "address": address,
        "webhookId": hook,
        "eventId": Dispatch("webhook.test", AT, waiting, 9).id,
        "disabled": disabled,
        "exportId": export,
        "running": running.id,
        "parkedId": parked,
        "unassignedId": unassigned,
        "notificationId": about[0],
        "dismissed": about[1],
        "erasureId": erasure,
        "unsubscribe": token,
    }


async def _hook(api: InProcess, ports: FakePorts, partner: str, name: str) -> str:
    """A subscription with an event that was given up, disabled or not."""
    url = f"https://crm.example/{MARKS[partner]}/{name}"
    body = {"notificationUrl": url, "events": ["lead.received"], "validation": "none"}
    own: dict[str, Any] = {"as_": "Leads.Admin", "tenant": partner}
    made = str((await _done(api, "POST", f"/partners/{partner}/webhooks", body, **own)).json["id"])
    (lead_id, *_) = [lead for owner, lead in ports.leads.rows if owner == partner]
    tried = Attempt(AT, 500, 5, MARKS[partner])
    given_up = Dispatch("webhook.test", AT, lead_id, 9, state=DispatchState.PARKED, attempts=(tried,), ended_at=AT)
    await ports.lanes.add(partner, made, given_up)
    if name == "disabled":
        stored = await ports.webhooks.get(partner, made)
        assert stored
        off = replace(stored.webhook, state=WebhookState.DISABLED, disabled_at=AT, problem=MARKS[partner])
        await ports.webhooks.put(partner, off, stored)
    return made


async def _held(api: InProcess, ports: FakePorts, partner: str, door: str) -> tuple[str, str]:
    """A submission that cannot be read, and one that waits since the partner is suspended."""
    unreadable = submission_body(Company=MARKS[partner], Email=["x"])
    assert (await api.call("POST", door, unreadable)).status == 400
    await suspend(ports, partner)
    await _done(api, "POST", door, submission_body(Company=MARKS[partner], Title="unassigned"))
    await suspend(ports, partner, active=True)
    held = [row.held for row in ports.held.rows.values() if row.held.for_partner == partner]
    (parked,) = [one.id for one in held if one.state == "parked"]
    (unassigned,) = [one.id for one in held if one.state == "unassigned"]
    return parked, unassigned


async def suspend(ports: FakePorts, partner: str, *, active: bool = False) -> None:
    """Suspend a partner, or let it work again."""
    known = ports.partners.registered[partner]
    await ports.partners.put(replace(known, state=PartnerState.ACTIVE if active else PartnerState.SUSPENDED))


async def _done(api: InProcess, method: str, path: str, body: Any, **options: Any) -> Reply:
    reply = await api.call(method, path, body, **options)
    assert 200 <= reply.status < 300, (method, path, reply.text)
    return reply


def snapshot(ports: FakePorts) -> Snapshot:
    """All that is stored; what it holds is not changed in place, so a copy of the containers is a copy."""
    return {
        name: _copied(vars(store)) for name, store in vars(ports).items() if type(store).__name__.startswith("Fake")
    }


def is_as(ports: FakePorts, kept: Snapshot) -> bool:
    """True when everything stored is as it was then."""
    return all(
        {key: value for key, value in vars(getattr(ports, name)).items() if key in state} == state
        for name, state in kept.items()
    )


def put_back(ports: FakePorts, kept: Snapshot) -> None:
    """Have everything stored as it was then."""
    for name, state in kept.items():
        # Stores know each other, and go on knowing those of these ports.
        links = {key: value for key, value in vars(getattr(ports, name)).items() if _is_link(value)}
        vars(getattr(ports, name)).update(_copied(state), **links)


def _is_link(value: object) -> bool:
    return type(value).__name__.startswith(("Fake", "count"))


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    return {name: _copy(value) for name, value in state.items() if not _is_link(value)}


def _copy(value: Any) -> Any:
    if isinstance(value, Counter):
        return value.copy()
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_copy(one) for one in value]
    return set(value) if isinstance(value, set) else value
