"""`python -m bench.simulate`: a year of a programme, from measured costs and published limits (docs/operations.md).

Answers where each part is full, what a month costs and how lag grows with the load, for both ways of telling. Prints
one table after the other and draws docs/pictures/year.svg; `--parameters` prints every number it starts from instead.
"""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bench.figures import title
from bench.simulation.bill import Bill, bill
from bench.simulation.parameters import Parameters
from bench.simulation.parts import Part, mail_backlog, parts, quota_wanted
from bench.simulation.picture import NAMES, picture
from bench.simulation.year import WAYS, Lag, Programme

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "year.svg"
LOADS = (1.0, 3.0, 10.0, 30.0, 100.0)
BILLED = (0.0, 1.0, 10.0)
CHECKED = (1.0, 10.0)
RELAYS, POLLED = 8, 60.0


def main() -> None:
    """Simulate, print, draw."""
    p = Parameters()
    if "--parameters" in sys.argv[1:]:
        print("\n".join(p.lines()))
        return
    began = time.perf_counter()
    programme = Programme(p)
    _print_programme(programme)
    capacity = {way: programme.saturation(way) for way in WAYS}
    lags: dict[str, dict[float, Lag]] = {way: {} for way in WAYS}
    bills: dict[str, dict[float, Bill]] = {way: {} for way in WAYS}
    for way in WAYS:
        for load in sorted({*LOADS, *BILLED}):
            lag, use = programme.lag_and_use(way, load, capacity[way])
            if load:
                lags[way][load] = lag
            if load in BILLED:
                bills[way][load] = bill(programme, load, use)
    found = parts(programme, capacity)
    _print_lags(lags)
    _print_check(programme)
    _print_parts(found)
    _print_mails(programme)
    _print_bills(bills)
    _print_what_if(p, capacity)
    drawn = {way: {load: lag.quantiles for load, lag in by_load.items()} for way, by_load in lags.items()}
    PICTURE.write_text(picture(drawn, found))
    print(f"\n{PICTURE.relative_to(Path.cwd())} drawn; {time.perf_counter() - began:.0f} s in all")


def _print_programme(programme: Programme) -> None:
    p, d, rates = programme.p, programme.demand, programme.rates
    title("A year, simulated")
    print(f"   {p.partners:,} partners, {p.leads_a_year:,.0f} leads at load 1, of which the largest partner has")
    print(f"   {programme.sizes.shares[0]:.0%}; seed {p.seed}. By the year's end:")
    for name, count in vars(d.ledger).items():
        print(f"   {name:<10}{count:>12,.0f}" + ("  (of the accepted)" if name == "closed" else ""))
    print(f"   leads a second: {sum(d.leads) / len(d.leads) / 60:.2f}, in the busiest minute {max(d.leads) / 60:.1f}")
    print(f"   events a second: {sum(rates) / len(rates):.2f}, in the busiest minute {max(rates):.1f}")


def _print_lags(lags: Mapping[str, Mapping[float, Lag]]) -> None:
    print("\n== From an event to its delivery, over the year; what queues cost is an ESTIMATE")
    print(f"   {'load':<8}{'way':<10}{'p50':>10}{'p95':>10}{'p99':>10}{'over 15 min':>14}")
    for load in LOADS:
        for way, by_load in lags.items():
            times = "".join(f"{span(seconds):>10}" for seconds in by_load[load].quantiles)
            print(f"   {f'{load:g}x':<8}{way:<10}{times}{by_load[load].late:>13.1%}")


def _print_check(programme: Programme) -> None:
    print("\n== The busiest hour: as its minutes' groups say, and event by event")
    for load in CHECKED:
        for way in WAYS:
            groups, events = programme.hour(way, load)
            both = "".join(f"{span(said):>9} /{span(seen):>8}" for said, seen in zip(groups, events, strict=True))
            print(f"   {f'{load:g}x':<8}{way:<10}{both}")


def _print_parts(found: list[Part]) -> None:
    print("\n== Parts at the busiest minute, the first to be full first")
    print(f"   {'part':<34}{'takes a second':>16}{'of':>10} {'':<14}{'full by':>9}{'full at load':>14}")
    for part in found:
        limit = f"{part.limit:,.0f}" if part.limit >= 1_000 else f"{part.limit:.3g}"
        numbers = f"{part.taken:>16.3g}{limit:>10} {part.unit:<14}{part.share:>9.1%}{part.full_at:>13.3g}x"
        print(f"   {part.name:<34}{numbers}")


def _print_mails(programme: Programme) -> None:
    p = programme.p
    print(f"\n== Mails: {p.mails_an_hour:.0f} an hour are the usual quota")
    for load in BILLED[1:]:
        wanted, left = quota_wanted(programme, load), mail_backlog(programme, load)
        print(
            f"   {load:g}x: {wanted:,.0f} an hour are wanted on the busiest day; without, {left / 1e6:.1f} million wait"
        )


def _print_bills(bills: Mapping[str, Mapping[float, Bill]]) -> None:
    print("\n== A month, in dollars; prices are assumptions of 2025, what queues cost is an ESTIMATE; no free grants")
    columns = [(way, load) for load in BILLED for way in bills]
    print(f"   {'':<32}" + "".join(f"{f'{way} {load:g}x':>12}" for way, load in columns))
    first = bills["timer"][BILLED[0]]
    for name in first.lines:
        print(f"   {name:<32}" + "".join(f"{bills[way][load].lines[name]:>12,.0f}" for way, load in columns))
    print(f"   {'in all':<32}" + "".join(f"{bills[way][load].total:>12,.0f}" for way, load in columns))


def _print_what_if(p: Parameters, capacity: Mapping[str, float]) -> None:
    """What other numbers would change: of the product, and of a setting of the platform."""
    print("\n== What if")
    together = Programme(replace(p, relays_at_once=RELAYS))
    full = together.saturation("timer")
    print(
        f"   a timer's look relayed {RELAYS} partners side by side, not one after another: full at {full:.0f} events a"
    )
    print(f"   second instead of {capacity['timer']:.0f}; " + _what_if(together, "timer", full))
    rarely = Programme(replace(p, poll_most_seconds=POLLED))
    print(
        f"   an empty queue were looked at every {POLLED:.0f} s, the platform's default, not {p.poll_most_seconds:.0f}:"
    )
    print("   " + _what_if(rarely, "queues", capacity["queues"]))


def _what_if(programme: Programme, way: str, capacity: float) -> str:
    found = []
    for load in CHECKED:
        lag, _ = programme.lag_and_use(way, load, capacity)
        found.append(
            f"{load:g}x: " + ", ".join(f"{name} {span(of)}" for name, of in zip(NAMES, lag.quantiles, strict=True))
        )
    return "; ".join(found)


def span(seconds: float) -> str:
    """Seconds, minutes, hours or days, with two digits that count."""
    for least, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= least:
            return f"{seconds / least:.1f} {unit}"
    return f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
