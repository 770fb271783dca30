"""python3 dev.py bench: the table of speed, measured. See README.md beside this file."""

import argparse
import json
import os
import statistics
import sys
from datetime import date, timedelta
from itertools import product

from bench import chart, report
from bench.bookings import races, seen_at_once
from bench.load import drive, require_wrk
from bench.sites import FOLDER, ROOT, Site

SEEN = 50  # searches and houses asked for again and again
RESULTS = ROOT / "bench" / "results.json"
DISTRICTS, SORTS = range(1, 17), ["new", "booking", "price-inc", "price-des"]

# row → the share of the ceiling to reach, None where there is no bar.
ROWS = {
    "home": 0.45,
    "search, seen": 0.30,
    "search, first seen": 0.15,
    "house, seen": 0.35,
    "house, first seen": None,
    "search, page 50": None,
}
SIGNED_IN = ["home", "search, seen", "search, first seen", "house, seen"]
ONCE = {"search, first seen", "house, first seen", "search, page 50"}


def searches():
    """Dated searches, all different; neighbours differ in district and dates."""
    today = date.today()
    for sort, nights, ahead, area in product(SORTS, range(1, 15), range(3, 180), DISTRICTS):
        begin = today + timedelta(days=ahead)
        end = begin + timedelta(days=nights)
        yield f"/houses/?aid={area}&sd={begin}&ed={end}&sk={sort}"


def write_paths(homes):
    """Write each row's paths to a file of its own; row → file."""
    found = list(searches())
    paths = {
        "ceiling": ["/healthz"],
        "home": ["/"],
        "search, seen": found[:: len(found) // SEEN][:SEEN],
        "search, first seen": found,
        "house, seen": [f"/houses/{1 + n * (homes // SEEN)}/" for n in range(SEEN)],
        "house, first seen": [f"/houses/{n}/" for n in range(1, homes + 1)],
        "search, page 50": [f"{path}&p=50" for path in found],
    }
    files = {name: FOLDER / f"paths-{homes}-{place}.txt" for place, name in enumerate(paths)}
    for name, file in files.items():
        file.write_text("\n".join(paths[name]) + "\n")
    return files


class Run:
    """The rounds of one site. `used` is how many paths each row has gone through."""

    def __init__(self, site, seconds):
        self.site, self.seconds = site, seconds
        self.files = write_paths(site.homes)
        self.used = dict.fromkeys(self.files, 0)
        self.bad = 0

    def drive(self, name, cookie="", seconds=None):
        start = self.used[name] if name in ONCE else 0
        load = drive(
            self.site.url, self.files[name], seconds or self.seconds, cookie=cookie, start=start
        )
        self.used[name] += load.asked + 100
        self.bad += load.bad
        return load

    def warm(self):
        for name in ("ceiling", "home", "search, seen", "house, seen"):
            self.drive(name, seconds=2)

    def round(self):
        """row → share of the ceiling, anonymous and signed in."""
        cookie = f"sessionid={self.site.sessions[0]}"
        ceiling = self.drive("ceiling").rate
        rates = {name: self.drive(name).rate for name in ROWS}
        signed = {f"{name}, signed in": self.drive(name, cookie).rate for name in SIGNED_IN}
        ceiling = (ceiling + self.drive("ceiling").rate) / 2
        shares = {name: rate / ceiling for name, rate in (rates | signed).items()}
        print(report.line(self.site, ceiling, shares), flush=True)
        return {"ceiling": ceiling, **shares}


def measure(profile, homes, rounds, seconds):
    site = Site(profile, homes)
    print(f"{profile}, {homes} homes: filling", flush=True)
    filled = site.fill()
    with site.serving(workers=1):
        run = Run(site, seconds)
        run.warm()
        measured = [run.round() for _n in range(rounds)]
    with site.serving(workers=2):
        bookings = races(site)
        stale = seen_at_once(site, run.files["search, seen"])
    print(site.manage("check_invariants").strip(), flush=True)
    return {
        "profile": profile,
        "homes": homes,
        "fill_s": filled,
        "bad": run.bad,
        "shares": {
            name: statistics.median(shares[name] for shares in measured) for name in measured[0]
        },
        "bookings": bookings,
        "stale": stale,
    }


def main():
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("--homes", default="2000,200000")
    parser.add_argument("--profiles", default="embedded,real")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--add", action="store_true", help="keep what results.json has of others")
    options = parser.parse_args()
    require_wrk()
    profiles = options.profiles.split(",")
    if "real" in profiles and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        sys.exit(
            "The real profile needs DATABASE_URL=mysql://… and REDIS_URL; or: --profiles embedded"
        )
    homes = [int(text) for text in options.homes.split(",")]
    results = json.loads(RESULTS.read_text())["measured"] if options.add else []
    for profile, count in product(profiles, homes):
        measured = measure(profile, count, options.rounds, options.seconds)
        results = [old for old in results if (old["profile"], old["homes"]) != (profile, count)]
        results.append(measured)
        rows = report.rows(results, ROWS)
        write(results, rows)  # each time: a run of all takes half an hour
    report.show(rows, results)


def write(results, rows):
    figures = {"measured": results, "table": rows}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n")
    RESULTS.with_suffix(".svg").write_text(chart.draw(rows))


if __name__ == "__main__":
    main()
