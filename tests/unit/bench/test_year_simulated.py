"""Parts, the bill, the picture, and where numbers come from."""

import re
from dataclasses import fields, replace
from xml.etree import ElementTree

import pytest

from bench.simulate import span
from bench.simulation.bill import Bill, bill, billed_of
from bench.simulation.parameters import ESTIMATE, Parameters
from bench.simulation.parts import Part, mail_backlog, parts, quota_wanted, rates_of
from bench.simulation.picture import picture, scale
from bench.simulation.queueing import busy_share
from bench.simulation.year import Programme, Use
from tests.builders import ROOT

P = Parameters()


def test_every_number_has_a_source_that_is_there() -> None:
    for part in fields(P):
        assert part.metadata["source"], part.name
        for module in re.findall(r"python -m bench\.(\w+)", part.metadata["source"]):
            assert (ROOT / "bench" / f"{module}.py").exists(), part.name
        if part.metadata["source"].startswith(("docs/", "infra/")):
            assert (ROOT / part.metadata["source"]).exists(), part.name
    assert sum(ESTIMATE in line for line in P.lines()) >= 3


def test_a_bill_is_the_sum_of_its_parts(programme: Programme) -> None:
    found = bill(programme, 1.0, Use(requests=4e8, executions=2e6, billed=1e7, messages=1e7))
    assert found.total == pytest.approx(sum(found.lines.values()))
    assert all(amount > 0 for amount in found.lines.values())
    assert Bill({"a": 1.5, "b": 2.0}).total == 3.5


def test_a_bill_by_hand(programme: Programme) -> None:
    """Nothing comes: timers once a second each at the least, an instance that is always ready, requests and logs."""
    found = bill(programme, 0.0, Use(requests=10_000 * 365, executions=8_640 * 365, billed=8_640 * 365.0))
    month = 365 / 12
    assert found.lines["telling"] == pytest.approx(8_640 * month * 2 * 0.000026)
    assert found.lines["other timers"] == pytest.approx(4_464 * month * 2 * 0.000026)
    assert found.lines["HTTP, always ready"] == pytest.approx(86_400 * month * 2 * 0.000004)
    assert found.lines["executions"] == pytest.approx(13_104 * month / 1e6 * 0.40)
    assert found.lines["table requests"] == pytest.approx((10_000 + 4_464) * month / 1e4 * 0.00036)
    assert [found.lines[name] for name in ("HTTP", "mails", "reports of mails", "queue requests")] == [0, 0, 0, 0]


def test_messages_are_paid_as_queue_requests(programme: Programme) -> None:
    found = bill(programme, 0.0, Use(requests=3e7, messages=1e7))
    assert found.lines["queue requests"] == pytest.approx(3e7 / 1e4 * 0.004 / 12)
    assert found.lines["table requests"] == pytest.approx(4_464 * 365 / 1e4 * 0.00036 / 12)


def test_calls_that_overlap_are_billed_once() -> None:
    assert billed_of(P, 0.001, 0.0) == pytest.approx(0.001, rel=0.01)
    assert billed_of(P, 5.0, 0.1) == pytest.approx(busy_share(5.0, 1.0))
    # Three cores at seven tenths are wanted for two.
    assert billed_of(P, 600.0, 2.0) == pytest.approx(3.0)


def test_rates_of_a_minute_by_hand(programme: Programme) -> None:
    minute = 200 * 24 * 60 + 600
    d = programme.demand
    leads, answers, timed = (10 * each[minute] / 60 for each in (d.leads, d.answers, d.timed))
    found = rates_of(programme, minute, 10.0)
    assert found.agenda == pytest.approx(4 * leads + answers + 5 * timed)
    assert found.requests == pytest.approx(3 * leads + (5 + 2.5 * 4 + 10) * answers + 2.4 * timed)
    assert found.calls == pytest.approx(leads + (1 + 2.5 + 2) * answers)


def test_parts_are_full_where_they_take_all_they_can(programme: Programme) -> None:
    found = {part.name: part for part in parts(programme, {"timer": 200.0, "queues": 2_000.0})}
    assert list(found.values()) == sorted(found.values(), key=lambda part: part.full_at)
    for part in found.values():
        assert part.taken * part.full_at == pytest.approx(part.limit)
        assert part.share * part.full_at == pytest.approx(1.0)
    one, eight = found["agenda, one partition"], found["agenda, eight partitions"]
    assert eight.full_at == pytest.approx(8 * one.full_at)
    assert found["telling by a timer"].full_at == pytest.approx(200 / max(programme.rates))


def test_mails_under_the_usual_quota(programme: Programme) -> None:
    days = programme.mails_a_day(1.0)
    assert quota_wanted(programme, 1.0) == pytest.approx(max(days) / 24)
    # Every day brings more than 2,400.
    assert min(days) > 2_400
    assert mail_backlog(programme, 1.0) == pytest.approx(sum(days) - 365 * 2_400)
    assert sum(programme.mails_a_day(10.0)) < 10 * sum(days), "digests gather what is more"


def test_seconds_by_the_unit_that_fits() -> None:
    assert [span(seconds) for seconds in (0.44, 75, 5_400, 129_600)] == ["0.4 s", "1.2 min", "1.5 h", "1.5 d"]


def test_the_picture_is_whole_and_has_everything_in_it() -> None:
    lags = {
        "timer": {1.0: (3.0, 12.0, 13.0), 100.0: (60.0, 3e3, 2e4)},
        "queues": {1.0: (1, 3, 15), 100.0: (0.4, 40, 1e4)},
    }
    found = [Part("the <agenda>", 10.0, 20.0, "rows"), Part("mails", 4.0, 2.0, "mails")]
    drawn = ElementTree.fromstring(picture(lags, found))
    texts = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"the <agenda>", "2×", "mails", "0.5×", "timer p99", "queues p50", "told by a timer"} <= texts
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}path"))) == 6


def test_a_logarithmic_axis_by_hand() -> None:
    assert scale(10, 1, 100, 0, 200) == pytest.approx(100)
    assert scale(10, 1, 100, 200, 0) == pytest.approx(100)
    assert [scale(value, 1, 100, 0, 200) for value in (0.5, 1_000)] == [0, 200]


def test_estimates_can_be_replaced() -> None:
    assert replace(P, put_requests=0.5).message_requests == pytest.approx(2.5)
