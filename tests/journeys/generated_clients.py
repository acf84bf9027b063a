"""What a generated client calls: each operation of the description once for each body that it may take.

Everything comes from the description itself, bodies from its examples; only ids, tokens and addresses are put in their
place, and each operation finds what it is about in the state that it needs.
"""

import copy
import re
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from tests import local_http, waiting
from tests.builders import DEAL_BODY
from tests.journeys.local_host import LocalHost, register

Json = dict[str, Any]
ACCEPTED = ("winLead", "loseLead", "closeLeadAsError", "editLead")
"""Operations on a lead that was accepted."""


@dataclass
class Call:
    """One operation with what it needs; `bodies` are media types with what is sent, none where it takes none."""

    operation: str
    method: str
    path: str
    ids: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    token: str | None
    bodies: list[tuple[str, Any]] = field(default_factory=list)


class World:
    """A partner on the local host, and whatever an operation is about."""

    def __init__(self, host: LocalHost, document: Json, partner: str) -> None:
        self._host, self._document, self._partner = host, document, partner
        self._count = 0
        self._address = f"lena@{partner}.example"
        self._intake = register(host, partner).removeprefix(f"{host.url}/api")
        self._operator_token = host.token("Operator", "operator")
        self._partner_token = host.token("Partner.Admin,Sender", partner)
        programme = self._ask("POST", "/sources", {"name": "All"}, operator=True)
        found_in = self._ask("POST", "/sources", {"name": "Search", "kind": "directory"}, operator=True)
        self._directory_key = str(found_in["key"])
        self._programme = str(programme["intakeUrl"]).removeprefix(f"{host.url}/api")
        self._here = f"/partners/{partner}"
        self._ask("PATCH", self._here, {"publisherIds": [partner]}, operator=True)
        self._ask("PATCH", f"{self._here}/preferences", {"preferredEmail": self._address})
        self._unsubscribed = self._unsubscribe()

    def calls(self) -> list[Json]:
        """Every operation, with fresh things for each; what must be under way stands last."""
        found = [
            self._call(path, method, operation)
            for path, item in self._document["paths"].items()
            for method, operation in item.items()
        ]
        for one in found:
            if one.operation == "cancelExport":
                one.ids["exportId"] = self._export(done=False)
        return [asdict(one) for one in found]

    def _call(self, path: str, method: str, operation: Json) -> Call:
        name = operation["operationId"]
        ids: dict[str, str] = {}
        for part in re.findall(r"{(\w+)}", path):
            ids[part] = self._thing(part, name, path, ids)
        if name in ("getOffer", "patchOffer", "approveOffer", "refuseOffer"):
            self._ask("PUT", f"{self._here}/offers/{ids['offerId']}", {"title": ids["offerId"]})
        needs = operation["description"].rpartition("Needs one of the roles ")[2]
        token = self._operator_token if needs == "Operator." else self._partner_token
        if operation.get("security") == []:
            token = None
        query = {"key": self._intake.partition("key=")[2]} if name == "receiveLead" else {}
        query |= {"token": self._unsubscribed} if "unsubscribe" in path else {}
        query |= {"key": self._directory_key} if name == "showDirectory" else {}
        must = {one["name"] for one in operation["parameters"] if one["in"] == "header" and one["required"]}
        call = Call(name, method, path, ids, query, dict.fromkeys(must, "*"), token)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            call.bodies.append((kind, self._body(call, content)))
        return call

    def _body(self, call: Call, content: Json) -> Any:
        """The body's example, with names that belong to this world."""
        schema = content["schema"]
        if "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        given = [one["value"] for one in content.get("examples", {}).values()] + schema.get("examples", [])
        assert given, f"{call.operation} has no example"
        body = copy.deepcopy(given[0])
        ours = {
            "partnerId": self._partner,
            "tenantIds": [call.ids.get("partnerId", self._partner)],
            "publisherIds": [self._partner],
            "address": self._address,
            "mutedAddresses": [self._address],
        }
        body |= {name: value for name, value in ours.items() if name in body}
        if "ids" in body:
            body["ids"] = [self._waiting(call.path)]
        if "notificationUrl" in body:
            body |= {"notificationUrl": f"{self._host.url}/hook/{call.operation}", "validation": "none"}
        return body

    def _thing(self, part: str, operation: str, path: str, ids: Json) -> str:
        """Something of this kind, as this operation needs it."""
        self._count += 1
        match part:
            case "partnerId":
                return f"{self._partner}-too" if operation == "putPartner" else self._partner
            case "leadId":
                return self._sent() if operation == "readSentLead" else self._lead(accepted=operation in ACCEPTED)
            case "sourceId" if operation == "receiveLead":
                return self._intake.split("/")[2].partition("?")[0]
            case "sourceId":
                where = "/sources" if path.startswith("/sources") else f"{self._here}/sources"
                return str(self._ask("POST", where, {"name": str(self._count)}, operator=True)["id"])
            case "heldId":
                return self._parked() if path.startswith("/parked") else self._unassigned()
            case "erasureId":
                wanted = {"email": f"gone{self._count}@n.example"}
                return str(self._ask("POST", "/erasures", wanted, operator=True)["id"])
        return self._part_of_partner(part, operation, ids)

    def _part_of_partner(self, part: str, operation: str, ids: Json) -> str:
        match part:
            case "exportId":
                return self._export(done=True)
            case "offerId":
                return f"{self._partner}.{operation}"
            case "webhookId":
                return self._webhook()
            case "eventId":
                log = f"{self._here}/webhooks/{ids['webhookId']}"
                self._ask("POST", f"{log}/test")
                return str(self._ask("GET", f"{log}/deliveries")["value"][0]["eventId"])
            case "notificationId":
                return self._notification()
        raise NotImplementedError(part)

    def _ask(self, method: str, path: str, body: Any = None, *, operator: bool = False) -> Any:
        token = self._operator_token if operator else self._partner_token
        headers = {"Authorization": f"Bearer {token}"}
        answer = local_http.request(method, f"{self._host.url}/api{path}", json=body, headers=headers, timeout=30)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def _fire(self, timer: str) -> None:
        local_http.post(f"{self._host.url}/admin/functions/{timer}", json={"input": ""}, timeout=60)

    def _delivery(self) -> Json:
        self._count += 1
        return {"UserDetails": {"Company": f"Company {self._count}", "Email": "ada@n.example"}, "ActionCode": "PLT"}

    def _lead(self, *, accepted: bool = False) -> str:
        made = str(self._ask("POST", self._intake, self._delivery())["id"])
        if accepted:
            self._ask("POST", f"{self._here}/leads/{made}/accept", DEAL_BODY)
        return made

    def _sent(self) -> str:
        body = {"qualification": "salesQualified", "customer": {"company": f"Sent {self._count}"}}
        return str(self._ask("POST", f"{self._here}/leads", body | {"consent": {"share": True}})["id"])

    def _notification(self) -> str:
        self._lead()
        return str(self._ask("GET", f"{self._here}/notifications")["value"][0]["id"])

    def _waiting(self, path: str) -> str:
        """One of what the path deals with by the dozen."""
        if "notifications" in path:
            return self._notification()
        return self._unassigned() if "unassigned" in path else self._parked()

    def _parked(self) -> str:
        self._count += 1
        local_http.post(f"{self._host.url}/api{self._intake}", content=f"not json {self._count}".encode(), timeout=30)
        return str(self._ask("GET", f"/parked?partnerId={self._partner}", operator=True)["value"][0]["id"])

    def _unassigned(self) -> str:
        self._ask("POST", self._programme, self._delivery())
        return str(self._ask("GET", "/unassigned?top=1", operator=True)["value"][0]["id"])

    def _webhook(self) -> str:
        url = f"{self._host.url}/hook/{self._count}"
        body = {"notificationUrl": url, "events": ["lead.received"], "validation": "none"}
        return str(self._ask("POST", f"{self._here}/webhooks", body)["id"])

    def _export(self, *, done: bool) -> str:
        made = str(self._ask("POST", f"{self._here}/exports", {})["id"])
        if done:
            local_http.post(f"{self._host.url}/dev/clock", json={"advance": "PT1M"}, timeout=30)
            self._fire("run_exports")
            assert self._ask("GET", f"{self._here}/exports/{made}")["state"] == "succeeded"
        return made

    def _unsubscribe(self) -> str:
        """The token of a mail's link, used: so there is an address that can be mailed again."""
        self._lead()
        tokens: list[str] = []

        def came() -> bool:
            self._fire("deliver_events")
            mails = local_http.get(f"{self._host.url}/dev/mail.json", timeout=30).json()["value"]
            mine = (str(one["headers"]) for one in mails if one["to"] == [self._address])
            tokens.extend(found[1] for one in mine if (found := re.search(r"unsubscribe\?token=([^>\s]+)", one)))
            return bool(tokens)

        waiting.settled(came)
        token = unquote(tokens[0].rstrip("'}>"))
        local_http.post(f"{self._host.url}/api/unsubscribe", params={"token": token}, timeout=30)
        return token
