"""Senders and people who use both hosts, and a book of everything that they were answered."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import local_http
from tests.builders import DEAL_BODY, submission_body
from tests.journeys.local_host import LocalHost
from tests.soak.world import World

PARTNERS = ("soak-one", "soak-two", "soak-three")
ADMIN = "Partner.Admin"
UNANSWERED = (429, 502, 503, 504)
"""Whoever gets such an answer, or none, does not know what has become of it, and asks again."""


@dataclass
class Book:
    """What was answered: the id of each body, what is parked, who accepted first, hearts; and what must not have been.

    `open` are bodies that nobody has answered yet; `races` are the persons that were told they had accepted a lead.
    """

    leads: dict[str, str] = field(default_factory=dict)
    partner_of: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    parked: set[str] = field(default_factory=set)
    races: dict[str, set[str]] = field(default_factory=dict)
    won: set[str] = field(default_factory=set)
    hearts: dict[str, set[str]] = field(default_factory=dict)
    exported: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Something that must not be."""
        self.faults.append(text)


class Caller:
    """Calls one of the hosts, and the other one where that gives no answer."""

    def __init__(self, made: World, book: Book, chance: random.Random) -> None:
        self._hosts, self._book, self._chance = made.hosts, book, chance
        self._tokens: dict[tuple[str, str, str, str], str] = {}
        self._client = local_http.AsyncClient(timeout=30)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def forget_tokens(self) -> None:
        """The clock was moved."""
        self._tokens.clear()

    async def once(
        self,
        host: LocalHost,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str = "ann",
        tenant: str = "",
        roles: str = ADMIN,
    ) -> httpx.Response | None:
        """The answer of one host; None where nobody knows what became of it."""
        self._book.figures["requests"] += 1
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        try:
            headers = {"Content-Type": "application/json"}
            if tenant:
                headers["Authorization"] = f"Bearer {await self._token(host, roles, tenant, user)}"
            answer = await self._client.request(method, f"{host.url}/api{path}", content=content, headers=headers)
        except (httpx.HTTPError, KeyError):
            self._book.figures["requests without an answer"] += 1
            return None
        if answer.status_code in UNANSWERED:
            self._book.figures[f"requests answered {answer.status_code}"] += 1
            return None
        if answer.status_code >= 500:
            self._book.fault(f"{answer.status_code} to {method} {path.partition('?')[0]}: {answer.text[:200]}")
            return None
        return answer

    async def call(self, method: str, path: str, body: Any = None, **who: Any) -> httpx.Response:
        """The answer, asked for until there is one."""
        for tries in range(200):
            if answer := await self.once(self._chance.choice(self._hosts), method, path, body, **who):
                return answer
            await asyncio.sleep(min(0.2 * 2**tries, 2) * (0.5 + self._chance.random()))
        raise TimeoutError(f"{method} {path.partition('?')[0]} was never answered")

    async def both(self, calls: list[tuple[str, str, Any, dict[str, Any]]]) -> list[httpx.Response | None]:
        """One call at each host, at the same time, and not again."""
        return list(
            await asyncio.gather(
                *(self.once(host, *call[:3], **call[3]) for host, call in zip(self._hosts, calls, strict=True))
            )
        )

    async def _token(self, host: LocalHost, roles: str, tenant: str, user: str) -> str:
        """As the README gets one."""
        key = host.url, roles, tenant, user
        if key not in self._tokens:
            query = {"tenant": tenant, "roles": roles, "user": user}
            answer = await self._client.get(f"{host.url}/dev/token", params=query)
            self._tokens[key] = str(answer.json()["token"])
        return self._tokens[key]


class Traffic:
    """Some senders and some people, at once, until they are stopped."""

    def __init__(self, made: World, book: Book, chance: random.Random) -> None:
        self.caller = Caller(made, book, chance)
        self._made, self._book, self._chance = made, book, chance
        self._doors: dict[str, str] = {}
        self._number = 0
        self._stopped = asyncio.Event()

    async def prepare(self) -> None:
        """Register partners, each with a door, a webhook and an address that is mailed."""
        for partner in PARTNERS:
            operator = {"tenant": "operator", "roles": "Operator", "user": "olga"}
            made = await self.caller.call(
                "PUT", f"/partners/{partner}", {"name": partner, "tenantIds": [partner]}, **operator
            )
            assert made.status_code == 201, made.text
            door = await self.caller.call("POST", f"/partners/{partner}/sources", {"name": "Marketplace"}, **operator)
            found = re.search(r"/api(/intake/.*)$", door.json()["intakeUrl"])
            assert found
            self._doors[partner] = found[1]
            wishes = {"preferredEmail": f"leads@{partner}.example", "digestThreshold": 1_000}
            held = await self.caller.call("PUT", f"/partners/{partner}/preferences", wishes, tenant=partner)
            assert held.status_code == 200, held.text
            hook = {
                "notificationUrl": f"http://127.0.0.1:{self._made.receiver.port}/{partner}",
                "events": ["lead.received", "lead.accepted", "lead.won"],
            }
            subscribed = await self.caller.call("POST", f"/partners/{partner}/webhooks", hook, tenant=partner)
            assert subscribed.status_code == 201, subscribed.text

    async def run(self, at_once: int) -> None:
        """So many at once, each with one thing after the other; returns when all have ended what they were at."""
        await asyncio.gather(*(self._one() for _ in range(at_once)))

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped.set()

    async def _one(self) -> None:
        kinds: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._lead, 45),
            (self._again, 10),
            (self._rubbish, 5),
            (self._race, 15),
            (self._win, 5),
            (self._heart, 10),
            (self._export, 2),
            (self._list, 3),
        ]
        while not self._stopped.is_set():
            (what,) = self._chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
            await what()
            await asyncio.sleep(self._chance.random() * 0.6)

    # --- What senders do ---------------------------------------------------------------------------------------------

    async def _lead(self) -> None:
        self._number += 1
        company = f"Firm {self._number:05}."
        self._book.partner_of[company] = self._chance.choice(PARTNERS)
        self._book.open.add(company)
        await self._post(company)

    async def _post(self, company: str) -> None:
        """Post a body until it is answered, as a sender does who must not lose it."""
        partner = self._book.partner_of[company]
        body = submission_body(Company=company, Email=f"{company[5:10]}@northwind.example")
        answer = await self.caller.call("POST", self._doors[partner], body)
        if answer.status_code not in (200, 201):
            self._book.fault(f"{company} was answered {answer.status_code}: {answer.text[:200]}")
            return
        lead_id = answer.json()["id"]
        if self._book.leads.setdefault(company, lead_id) != lead_id:
            self._book.fault(f"{company} is two leads: {self._book.leads[company]} and {lead_id}")
        self._book.open.discard(company)

    async def _again(self) -> None:
        if self._book.leads:
            self._book.figures["bodies sent again"] += 1
            await self._post(self._chance.choice(list(self._book.leads)))

    async def _rubbish(self) -> None:
        self._number += 1
        text = f"not json {self._number}"
        answer = await self.caller.call("POST", self._doors[self._chance.choice(PARTNERS)], text.encode())
        if answer.status_code != 400:
            self._book.fault(f"{text} was answered {answer.status_code}")
        self._book.parked.add(text)

    # --- What people do ----------------------------------------------------------------------------------------------

    def _some_lead(self) -> tuple[str, str] | None:
        """One of the newest leads with its partner's path."""
        if not self._book.leads:
            return None
        company = self._chance.choice(list(self._book.leads)[-40:])
        lead_id = self._book.leads[company]
        return lead_id, f"/partners/{self._book.partner_of[company]}/leads/{lead_id}"

    async def _race(self) -> None:
        """Two people accept the same lead at the same time, at different hosts."""
        found = self._some_lead()
        if found is None or found[0] in self._book.races:
            return
        lead_id, path = found
        self._book.races[lead_id] = set()
        tenant = path.split("/")[2]
        calls = [("POST", f"{path}/accept", DEAL_BODY, {"tenant": tenant, "user": user}) for user in ("ann", "bob")]
        for user, answer in zip(("ann", "bob"), await self.caller.both(calls), strict=True):
            if answer is not None and answer.status_code == 200:
                self._book.races[lead_id].add(user)
            elif answer is not None and answer.status_code != 409:
                self._book.fault(f"accepting {lead_id} was answered {answer.status_code}: {answer.text[:200]}")
        if len(self._book.races[lead_id]) > 1:
            self._book.fault(f"{lead_id} was accepted by two")

    async def _win(self) -> None:
        accepted = [lead_id for lead_id, by in self._book.races.items() if by and lead_id not in self._book.won]
        if accepted:
            lead_id = self._chance.choice(accepted)
            company = next(name for name, known in self._book.leads.items() if known == lead_id)
            partner = self._book.partner_of[company]
            self._book.won.add(lead_id)
            answer = await self.caller.call("POST", f"/partners/{partner}/leads/{lead_id}/win", {}, tenant=partner)
            # A second try may come later than one's own repeat is known by.
            if answer.status_code not in (200, 409):
                self._book.fault(f"winning {lead_id} was answered {answer.status_code}: {answer.text[:200]}")

    async def _heart(self) -> None:
        if found := self._some_lead():
            lead_id, path = found
            partner = path.split("/")[2]
            answer = await self.caller.call("PUT", f"{path}/favorite", tenant=partner)
            if answer.status_code != 204:
                self._book.fault(f"hearting {lead_id} was answered {answer.status_code}")
            self._book.hearts.setdefault(partner, set()).add(lead_id)

    async def _list(self) -> None:
        partner = self._chance.choice(PARTNERS)
        before = {one for name, one in self._book.leads.items() if self._book.partner_of[name] == partner}
        found = await self.ids(partner, "?top=200")
        if lost := before - found:
            self._book.fault(f"a list of {partner} has not {sorted(lost)[:5]} ({len(lost)} leads)")
        self._book.figures["whole lists"] += 1

    async def ids(self, partner: str, query: str) -> set[str]:
        """All ids of a list."""
        found: set[str] = set()
        path = f"/partners/{partner}/leads{query}"
        while path:
            page = (await self.caller.call("GET", path, tenant=partner)).json()
            found |= {one["id"] for one in page["value"]}
            path = page.get("nextLink", "").partition("/api")[2]
        return found

    async def _export(self) -> None:
        """Every lead that was there before is in the file, once."""
        partner = self._chance.choice(PARTNERS)
        before = {one for name, one in self._book.leads.items() if self._book.partner_of[name] == partner}
        answer = await self.caller.call("POST", f"/partners/{partner}/exports", {"format": "jsonl"}, tenant=partner)
        if answer.status_code != 202:
            self._book.fault(f"an export was answered {answer.status_code}: {answer.text[:200]}")
            return
        export = answer.json()
        for _ in range(120):
            if export["state"] in ("succeeded", "failed"):
                break
            await asyncio.sleep(1)
            path = f"/partners/{partner}/exports/{export['id']}"
            export = (await self.caller.call("GET", path, tenant=partner)).json()
        if export["state"] != "succeeded":
            self._book.fault(f"export {export['id']} is {export['state']}")
            return
        lines = await self._file(export["url"])
        ids = [json.loads(line)["Id"] for line in lines]
        if len(ids) != len(set(ids)):
            self._book.fault(f"export {export['id']} has a lead twice")
        if lost := before - set(ids):
            self._book.fault(f"export {export['id']} has not {sorted(lost)[:5]} ({len(lost)} leads)")
        self._book.figures["exports"] += 1
        self._book.figures["rows exported"] += len(ids)

    async def _file(self, url: str) -> list[str]:
        for _ in range(40):
            try:
                async with local_http.AsyncClient(timeout=30) as client:
                    answer = await client.get(url)
                if answer.status_code == 200:
                    return answer.text.splitlines()
            except httpx.HTTPError:
                pass
            await asyncio.sleep(1)
        raise TimeoutError("a file was never read")
