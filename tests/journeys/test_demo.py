"""The demo of `make run` shows all that the programme learns from its leads, with numbers that somebody can believe."""

from pathlib import Path
from typing import Any

from tests.journeys.local_host import LocalHost
from tests.waiting import settled

ADVICE = {
    *("contactBounced", "locationWithoutContact", "outcomesOverdue", "slowAnswers", "keywordDeclined", "sizeDeclined"),
}


def test_m6_the_demo_has_something_of_everything(tmp_path: Path) -> None:
    with (
        LocalHost(tmp_path, environment={"DEMO": "1"}) as host,
        host.client("Leads.Admin,Profile.Admin") as ann,
        host.client("Operator", "operator", "olga") as operator,
    ):
        home = "/partners/contoso"

        def read(path: str, **query: str) -> Any:
            return ann.get(f"{home}{path}", params=query).raise_for_status().json()

        def advised() -> set[str]:
            return {one["code"] for one in read("/advice")["value"]}

        # Whom no mail reaches is known once one has been tried.
        settled(lambda: advised() >= ADVICE)
        standing, insights = read("/standing"), read("/insights", groupBy="location")
        assert 0.35 < standing["value"] < 0.65
        assert standing["value"] != 0.5
        total = insights["total"]
        assert 0.4 < total["acceptanceRate"] < 0.9
        assert 0 < total["expiryRate"] < 0.2 < total["winRate"] < 0.6
        assert {one["value"] for one in insights["value"]} >= {"Headquarters", "Berlin", "Milano", "London"}
        newest = read("/leads", top="3")["value"]
        assert all(one["quality"]["likelihood"]["of"] >= 20 for one in newest)
        similar = read(f"/leads/{newest[0]['id']}/similar")["value"]
        assert {one["lead"]["outcome"] for one in similar} >= {"won"}
        declined = read("/leads", outcome="declined", top="50")["value"]
        assert any(one["closing"]["suggestedPartners"] for one in declined)
        said = operator.get("/feedback").json()["sums"]
        assert said["count"] >= 10
        partners = operator.get("/partners", params={"include": "performance"}).json()["value"]
        assert {one["performance"]["status"] for one in partners} == {"onTarget", "belowTarget", "tooFew"}

        def mailed() -> set[str]:
            mails = ann.get(f"{host.url}/dev/mail.json").json()["value"]
            named = ("Your leads in", "Era leads i", "Ihre Leads im")
            return {one["to"][0] for one in mails if one["subject"].startswith(named)}

        settled(lambda: mailed() >= {f"{name}@contoso.example" for name in ("lena", "jonas", "petra")})
