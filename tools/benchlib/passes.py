"""Interleaved passes: in each, every scenario is run by every contender, one right after the other, in an order that rotates."""
from benchlib.table import Figures


def run(scenarios, contenders, runs, phase, say):
    """Figures of (scenario, "CONTENDER:METRIC"). A contender that knows nothing of a metric has none."""
    got = Figures()
    for i in range(runs):
        turn = i % len(contenders)
        order = contenders[turn:] + contenders[:turn]
        for s in scenarios:
            try:
                values = phase.run(lambda: [(c, c.measure(s)) for c in order])
            except KeyboardInterrupt:  # what was measured is worth something
                say(f"# interrupted in pass {i + 1} of {runs}")
                return got
            for contender, figures in values:
                for metric, value in figures.items():
                    got.add(s.name, f"{contender.name}:{metric}", s.units[metric], value)
        say(f"# pass {i + 1} of {runs}: {phase.words()}")
    return got
