"""The table of the figures, and what each has to reach."""

GROWTH = 1.3  # how much slower a page may be at the largest number of homes than at the smallest
GROWING = ["home", "search, seen", "search, first seen", "house, seen", "search, page 50"]
SIGNED_IN_PART = 0.6  # of the bar of the same page for strangers
SOLD_RATIO, P99 = 5, 2


def line(site, ceiling, shares):
    figures = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    return f"{site.profile}, {site.homes} homes: ceiling {ceiling:.0f}/s; {figures}"


def row(result, name, value, bar, at_most=False):
    """One line of the table; `reached` is None where there is no bar."""
    reached = None
    if bar is not None:
        reached = value <= bar if at_most else value >= bar
    return {
        "profile": result["profile"],
        "homes": result["homes"],
        "row": name,
        "value": round(value, 3),
        "bar": None if bar is None else round(bar, 3),
        "at_most": at_most,
        "reached": reached,
    }


def rows(results, bars):
    """The table. `bars` are the shares to reach by row; None where there is no bar."""
    table = []
    for result in results:
        shares = result["shares"]
        table += [row(result, name, shares[name], bar) for name, bar in bars.items()]
        for name, bar in bars.items():
            both = f"{name}, signed in"
            if both in shares:
                table.append(row(result, both, shares[both], SIGNED_IN_PART * bar))
        bookings = result["bookings"]
        sold = "nights sold, 50 homes : 1"
        table.append(row(result, sold, bookings["sold_ratio"], SOLD_RATIO))
        table.append(
            row(result, "p99 of 50 on one home, s", bookings["one_house_p99_s"], P99, True)
        )
        table.append(row(result, "stale searches after a booking", result["stale"], 0, True))
        table.append(row(result, "answers that failed", result["bad"], 0, True))
    return table + growth(results)


def growth(results):
    """How much longer a page takes at the most homes than at the fewest, machine for machine."""
    table = []
    for profile in dict.fromkeys(result["profile"] for result in results):
        mine = sorted(
            (result for result in results if result["profile"] == profile),
            key=lambda result: result["homes"],
        )
        if len(mine) > 1:
            few, many = mine[0]["shares"], mine[-1]["shares"]
            table += [
                row(mine[-1], f"growth: {name}", few[name] / many[name], GROWTH, True)
                for name in GROWING
            ]
    return table


def show(table, results):
    print()
    for entry in table:
        sign = {None: "", True: "reached", False: "NOT REACHED"}[entry["reached"]]
        bar = "" if entry["bar"] is None else f"{'≤' if entry['at_most'] else '≥'} {entry['bar']:g}"
        print(
            f"{entry['profile']:9} {entry['homes']:>7}  {entry['row']:34} "
            f"{entry['value']:>8.2f}  {bar:8} {sign}"
        )
    for result in results:
        if result["fill_s"]:
            print(f"filled {result['profile']} with {result['homes']} in {result['fill_s']:.0f} s")
