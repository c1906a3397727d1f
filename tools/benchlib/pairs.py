"""Two threads against one: a second thread may not cost. The ratio is taken within each pass, and the median is of ratios."""
import statistics
from benchlib.bars import SECOND_THREAD


def pairs(scenarios, got, one, two):
    """Rows of the usual form, and those below the bar."""
    rows, low = [], []
    for s in scenarios:
        for metric in s.judged or (s.main,):
            a, b = (got.values.get((s.name, f"{c.name}:{metric}")) for c in (one, two))
            if not a or not b:
                continue
            ratios = [s.better(metric, y, x) for x, y in zip(a, b)]
            rows.append((s.name, f"{metric}_2_over_1", statistics.median(ratios), min(ratios), max(ratios), "ratio"))
            if rows[-1][2] < SECOND_THREAD:
                low.append(f"{s.name} {metric}: two threads at {rows[-1][2]:.3f} of one; the bar is {SECOND_THREAD}")
    return rows, low
