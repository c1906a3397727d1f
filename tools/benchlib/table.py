"""Figures as they are printed: "scenario metric median min max unit", raw units."""
import json, statistics

DIGITS = {"ratio": 3, "ns": 1, "us": 1, "ms": 1, "s": 3, "B": 1}


class Figures:
    """Values of one run after the other, kept by (scenario, metric)."""

    def __init__(self):
        self.values, self.units = {}, {}

    def add(self, scenario, metric, unit, value):
        self.values.setdefault((scenario, metric), []).append(value)
        self.units[scenario, metric] = unit

    def median(self, scenario, metric):
        v = self.values.get((scenario, metric))
        return statistics.median(v) if v else None

    def rows(self):
        return [(s, m, statistics.median(v), min(v), max(v), self.units[s, m]) for (s, m), v in self.values.items()]


def text(value, unit):
    return f"{value:.{DIGITS.get(unit, 0)}f}"


def line(row):
    scenario, metric, *v, unit = row
    return " ".join([scenario, metric, *(text(x, unit) for x in v), unit])


def document(rows, **about):
    keys = ("scenario", "metric", "median", "min", "max", "unit")
    return json.dumps({**about, "figures": [dict(zip(keys, r)) for r in rows]})
