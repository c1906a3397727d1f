"""Ours beside the floor and the peers, from the figures of interleaved passes: one row a metric, each side at its best thread count."""
from dataclasses import dataclass
from benchlib.bars import BARS, verdict
from benchlib.table import text


@dataclass
class Row:
    scenario: str
    metric: str
    unit: str
    ours: float
    threads: int       # where ours was best
    floor: float       # None: there is none
    share: float       # of the floor
    bar: object        # None: none
    verdict: str
    peers: dict        # kind -> (value, how many times better ours is, or None)


def best(got, s, metric, contenders):
    """(median, contender) of the best of them; (None, None) without figures."""
    found = [(got.median(s.name, f"{c.name}:{metric}"), c) for c in contenders]
    found = [f for f in found if f[0] is not None]
    if not found:
        return None, None
    top = found[0]
    for f in found[1:]:
        if s.better(metric, f[0], top[0]) > 1:
            top = f
    return top


def rows(scenarios, got, ours, floor, peers):
    out = []
    kinds = {k: [p for p in peers if p.kind == k] for k in dict.fromkeys(p.kind for p in peers)}
    for s in scenarios:
        for metric, unit in s.units.items():
            value, who = best(got, s, metric, ours)
            if value is None:
                continue
            below = got.median(s.name, f"{floor.name}:{metric}")
            share = None if below is None else s.better(metric, value, below)
            bar = BARS.get((s.name, metric))
            others = {}
            for kind, some in kinds.items():
                theirs, _ = best(got, s, metric, some)
                others[kind] = None if theirs is None else (theirs, s.better(metric, value, theirs))
            out.append(Row(s.name, metric, unit, value, who.threads, below, share, bar,
                           "" if bar is None else verdict(bar, share, value), others))
    return out


def print_table(table, kinds):
    head = ["scenario", "metric", "actord", "unit", "threads", "floor", "of_floor", "must", "goal", "verdict"]
    for k in kinds:
        head += [k, f"over_{k}"]
    lines = [head]
    for r in table:
        number = (lambda x: "-" if x is None else f"{x:.3f}")
        bar = ["-", "-"] if r.bar is None else \
            [f"<={r.bar.must:g}{r.unit}", f"<={r.bar.goal:g}{r.unit}"] if r.bar.absolute else [f"{r.bar.must:g}", f"{r.bar.goal:g}"]
        line = [r.scenario, r.metric, text(r.ours, r.unit), r.unit, str(r.threads),
                "-" if r.floor is None else text(r.floor, r.unit), number(r.share), *bar, r.verdict or "-"]
        for k in kinds:
            o = r.peers.get(k)
            line += ["-", "-"] if o is None else [text(o[0], r.unit), f"{o[1]:.1f}"]
        lines.append(line)
    widths = [max(len(l[i]) for l in lines) for i in range(len(head))]
    for l in lines:
        print("  ".join(w.ljust(n) if i in (0, 1, 3) else w.rjust(n) for i, (w, n) in enumerate(zip(l, widths))).rstrip())


def low(table):
    """What fails: a "must", or a packaged peer that is ahead."""
    words = [f"{r.scenario} {r.metric} misses its must" for r in table if r.verdict == "FAIL"]
    for r in table:
        words += [f"{r.scenario} {r.metric}: {k} is ahead ({o[1]:.2f})" for k, o in r.peers.items() if o and o[1] < 1]
    return words


def document(row):
    return {"scenario": row.scenario, "metric": row.metric, "unit": row.unit, "actord": row.ours, "threads": row.threads,
            "floor": row.floor, "of_floor": row.share, "must": row.bar and row.bar.must, "goal": row.bar and row.bar.goal,
            "verdict": row.verdict, "peers": {k: o and {"value": o[0], "times": o[1]} for k, o in row.peers.items()}}
