"""The shares of the ceiling as a bar chart that is legible on light and dark pages."""

from html import escape

LEFT, WIDTH, BAR, GAP, HEAD = 230, 420, 14, 10, 44
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #3b342f }
.title { font-weight: 600 }
.share { fill: #c4603f }
.small { fill: #8c7f74 }
.bar { stroke: #3b342f; stroke-width: 2; stroke-dasharray: 2 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e9e2da } .bar { stroke: #e9e2da } .share { fill: #e08a68 } .small { fill: #a69a8f }
}
"""


def draw(table):
    """An SVG of the rows that are shares of the ceiling, a group for each profile and size."""
    shares = [entry for entry in table if not entry["at_most"] and "sold" not in entry["row"]]
    groups = {}
    for entry in shares:
        groups.setdefault((entry["profile"], entry["homes"]), []).append(entry)
    y, parts = HEAD, []
    for (profile, homes), entries in groups.items():
        parts.append(text(0, y, f"{profile}, {homes:,} homes", "title"))
        y += GAP
        for entry in entries:
            parts.append(line(entry, y))
            y += BAR + GAP
        y += 2 * GAP + BAR
    head = text(
        0, 18, "Share of the server’s ceiling (/healthz); dashed: the bar to reach", "title"
    )
    size = f'viewBox="0 0 {LEFT + WIDTH + 60} {y}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><style>{STYLE}</style>'
    return "\n".join([svg, head, *parts, "</svg>"]) + "\n"


def line(entry, y):
    value, bar = min(entry["value"], 1), entry["bar"]
    kind = "small" if bar is None else "share"
    parts = [
        text(0, y + BAR - 2, entry["row"]),
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{value * WIDTH:.0f}"'
        f' height="{BAR}" rx="3"/>',
        text(LEFT + max(value, bar or 0) * WIDTH + 6, y + BAR - 2, f"{entry['value']:.2f}"),
    ]
    if bar is not None:
        x = LEFT + bar * WIDTH
        parts.append(f'<path class="bar" d="M{x:.0f} {y - 3}v{BAR + 6}"/>')
    return "".join(parts)


def text(x, y, words, kind=""):
    return f'<text class="{kind}" x="{x:.0f}" y="{y}">{escape(words)}</text>'
