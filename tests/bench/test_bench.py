#!/usr/bin/env python3
"""tools/bench with counts so small that the figures mean nothing: their shape, and that no figure is given for a run that
missed a message.

  test_bench.py SOURCE_ROOT BUILD_ROOT LEAKY.so
"""
import json, os, subprocess, sys, tempfile, unittest
from types import SimpleNamespace
from unittest import mock

ROOT, BUILD, LEAKY = sys.argv[1:4]
sys.path.insert(0, os.path.join(ROOT, "tools"))
from benchlib import bars, compare, curves, pairs, passes, scenarios, table, together
from benchlib.build import Build, compiled
from benchlib.failed import Failed
from benchlib.floor import Floor
from benchlib.measure import COST, measure
from benchlib.phase import REPEATS, Phase
from benchlib.scenarios import Scenario


def bench(*args):
    return subprocess.run([os.path.join(ROOT, "tools/bench"), "--build", BUILD, "--tiny", *args], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=200)


class Scenarios(unittest.TestCase):
    def every_scenario(self, threads):
        r = bench("--runs", "1", "--json", "--threads", str(threads))
        self.assertEqual(r.returncode, 0, r.stderr)
        got = {(f["scenario"], f["metric"]): f for f in json.loads(r.stdout)["figures"]}
        self.assertEqual(set(got), {(s.name, m) for s in scenarios.ALL for m in s.units})
        for (name, metric), f in got.items():
            with self.subTest(scenario=name, metric=metric):
                self.assertEqual(f["unit"], scenarios.BY_NAME[name].units[metric])
                self.assertLessEqual(f["min"], f["median"])
                self.assertLessEqual(f["median"], f["max"])
                if f["unit"] not in ("ms", "B"):  # what a swap adds, and what is left of an actor, may be nothing
                    self.assertGreater(f["median"], 0)

    def test_every_scenario_gives_each_of_its_figures_and_misses_no_message(self):
        self.every_scenario(1)

    @unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "one CPU")
    def test_every_scenario_does_so_with_two_workers(self):
        self.every_scenario(2)

    def test_lines_are_scenario_metric_median_min_max_unit(self):
        r = bench("--runs", "2", "pingpong", "ask")
        self.assertEqual(r.returncode, 0, r.stderr)
        lines = [l.split() for l in r.stdout.splitlines() if not l.startswith("#")]
        self.assertEqual([(l[0], l[1], l[5]) for l in lines],
                         [("pingpong", "throughput", "msg/s"), ("ask", "throughput", "ask/s")])
        for l in lines:
            low, high = float(l[3]), float(l[4])
            self.assertTrue(low <= float(l[2]) <= high, l)

    def test_an_unknown_scenario_is_named_with_those_there_are(self):
        r = bench("pingpongg")
        self.assertEqual(r.returncode, 2)
        self.assertIn("no scenario 'pingpongg'", r.stderr)
        self.assertIn("skynet", r.stderr)

    def test_curves_are_lines_too(self):
        for curve in curves.ALL:
            with self.subTest(curve=curve):
                r = bench("--curve", curve, "--json")
                self.assertEqual(r.returncode, 0, r.stderr)
                figures = json.loads(r.stdout)["figures"]
                self.assertEqual(len({f["scenario"] for f in figures}), 3)
                self.assertTrue(all(f["scenario"].startswith(curve + "/") and f["median"] > 0 for f in figures), figures)


class Together(unittest.TestCase):
    def test_each_build_and_the_floor_has_its_price_of_every_scenario_about_messages(self):
        r = bench("--together", "--beside", BUILD, "--runs", "1", "--json")
        self.assertEqual(r.returncode, 0, r.stderr)
        got = {(f["scenario"], f["metric"]): f["median"] for f in json.loads(r.stdout)["figures"]}
        metrics = [COST, f"{BUILD}:{COST}", f"over:{BUILD}", f"floor:{COST}", "of_floor"]
        self.assertEqual(set(got), {(s.name, m) for s in scenarios.ALL if together.knows(s) for m in metrics})
        self.assertGreater(min(got.values()), 0)

    def test_ratios_are_taken_within_a_pass_and_less_is_better(self):
        got = table.Figures()
        for who, values in (("ours", [10, 20, 30]), ("theirs", [20, 10, 60]), ("floor", [5, 5, 6])):
            for v in values:
                got.add("fanin", f"{who}:{COST}", "ns", v)
        rows = {m: v for _, m, *v, _ in together.rows(got, "ours", ["theirs"])}
        self.assertEqual(rows["over:theirs"], [0.5, 0.5, 2.0])
        self.assertEqual(rows["of_floor"], [0.25, 0.2, 0.5])
        self.assertEqual(rows[COST], [20, 10, 30])

    def refused(self, *args, words):
        r = bench(*args)
        self.assertEqual(r.returncode, 2)
        self.assertIn(words, r.stderr)

    def test_what_it_cannot_do_is_refused(self):
        self.refused("--together", "spawn", words="--together does not know spawn; only pingpong")
        self.refused("--beside", BUILD, "pingpong", words="--beside is for --together")
        self.refused("--together", "--threads", "2", words="leave out --threads")
        self.refused("--together", "--beside", "/nowhere", words="--beside /nowhere: no build folder")


class Refusals(unittest.TestCase):
    def refused(self, what, words):
        s = Scenario("leaky", "", "leaky", {"what": what}, {}, {"throughput": "msg/s"}, file=LEAKY)
        with self.assertRaises(Failed) as e:
            measure(Build(BUILD), s, sorted(os.sched_getaffinity(0))[:1])
        self.assertIn(words, str(e.exception))

    def test_a_run_in_which_something_went_wrong_gives_no_figure(self):
        self.refused("wrong", "went wrong")

    def test_a_run_with_a_message_that_nobody_handled_gives_no_figure(self):
        self.refused("dead", "dead 1")

    def test_a_run_without_its_figure_is_refused(self):
        self.refused("silent", "no figure throughput")

    def test_a_node_that_dies_is_refused(self):
        self.refused("crash", "the node ended")


class FakeFloor:
    """A machine whose phase is what the test says."""

    def __init__(self, *phases):
        self.phases = list(phases)

    def phase(self, cpu):
        return self.phases.pop(0) if len(self.phases) > 1 else self.phases[0]


class Phases(unittest.TestCase):
    def phase(self, *phases, patience_s=0.0):
        return Phase(FakeFloor(*phases), 1, limit=10.0, patience_s=patience_s)

    def test_a_group_between_two_good_probes_counts_at_once(self):
        p = self.phase(12.0)
        self.assertEqual(p.run(lambda: "figures"), "figures")
        self.assertEqual((p.repeated, p.waits, p.accepted), (0, 0, 0))

    def test_a_group_with_a_bad_probe_after_it_is_repeated(self):
        p, groups = self.phase(12.0, 5.0, 12.0, patience_s=1.0), []
        p.run(lambda: groups.append(1))
        self.assertEqual((len(groups), p.repeated, p.accepted), (2, 1, 0))

    def test_repeats_are_bounded_and_what_is_taken_is_counted(self):
        groups = []
        p = Phase(FakeFloor(*[12.0, 5.0] * 10), 1, limit=10.0, patience_s=1.0)
        p.run(lambda: groups.append(1))
        self.assertEqual((len(groups), p.repeated, p.accepted), (REPEATS + 1, REPEATS, 1))

    def test_without_patience_a_bad_phase_is_taken_and_said(self):
        p = self.phase(5.0)
        p.run(lambda: None)
        self.assertEqual((p.repeated, p.accepted), (0, 1))
        self.assertIn("1 groups taken out of phase", p.words())

    def test_the_limit_follows_from_the_best_of_ten_probes(self):
        p = Phase(FakeFloor(*[4.0] * 9, 10.0), 1)
        self.assertAlmostEqual(p.limit, 8.5)


class TheFloor(unittest.TestCase):
    def test_probes_of_two_cpus_at_once_find_one_program_already_made(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch("benchlib.floor.compiled", wraps=compiled) as made:
            p = Phase(Floor(SimpleNamespace(folder=folder)), 2, limit=0)
            self.assertGreater(p.probe(), 0)
        self.assertEqual(made.call_count, 1)


class Fixed:
    """A contender whose figures are known."""

    def __init__(self, name, kind="", threads=1, **figures):
        self.name, self.kind, self.threads, self.figures = name, kind, threads, figures

    def measure(self, scenario):
        return {m: self.figures[m].pop(0) for m in self.figures if m in scenario.units}


class Judgment(unittest.TestCase):
    PINGPONG, SPAWN = scenarios.BY_NAME["pingpong"], scenarios.BY_NAME["spawn"]

    def passes(self, s, *contenders, runs=3):
        return passes.run([s], list(contenders), runs, Phase(FakeFloor(1.0), 1, limit=0), lambda text: None)

    def test_the_share_of_the_floor_is_median_over_median_at_our_best_thread_count(self):
        one, two = (Fixed(f"actord/{n}", threads=n, throughput=v) for n, v in ((1, [30, 40, 50]), (2, [20, 20, 20])))
        bare = Fixed("floor", throughput=[100, 100, 900])
        row = compare.rows([self.PINGPONG], self.passes(self.PINGPONG, one, two, bare), [one, two], bare, [])[0]
        self.assertEqual((row.ours, row.threads, row.floor, row.verdict), (40, 1, 100, "pass"))
        self.assertAlmostEqual(row.share, 0.4)

    def test_less_time_is_better_time(self):
        ours, bare = Fixed("actord/1", per_spawn=[200]), Fixed("floor", per_spawn=[50])
        peer = Fixed("caf/1", kind="caf", per_spawn=[1000])
        row = compare.rows([self.SPAWN], self.passes(self.SPAWN, ours, bare, peer, runs=1), [ours], bare, [peer])[0]
        self.assertEqual((row.share, row.verdict, row.peers["caf"]), (0.25, "pass", (1000, 5.0)))

    def test_nothing_is_better_than_little(self):
        swap = scenarios.BY_NAME["swap"]
        self.assertEqual([swap.better("added_p999", *v) for v in ((0, 0), (0, 2), (2, 0))], [1, float("inf"), 0])

    def test_a_peer_that_is_ahead_is_named(self):
        ours, bare = Fixed("actord/1", throughput=[60]), Fixed("floor", throughput=[100])
        peer = Fixed("erlang/2", kind="erlang", throughput=[80])
        table_ = compare.rows([self.PINGPONG], self.passes(self.PINGPONG, ours, bare, peer, runs=1), [ours], bare, [peer])
        self.assertEqual(compare.low(table_), ["pingpong throughput: erlang is ahead (0.75)"])

    def test_a_missed_must_is_named(self):
        ours, bare = Fixed("actord/1", throughput=[10]), Fixed("floor", throughput=[100])
        table_ = compare.rows([self.PINGPONG], self.passes(self.PINGPONG, ours, bare, runs=1), [ours], bare, [])
        self.assertEqual(compare.low(table_), ["pingpong throughput misses its must"])

    def test_pairs_take_the_ratio_within_a_pass(self):
        one, two = Fixed("actord/1", throughput=[10, 100, 1000]), Fixed("actord/2", throughput=[9.5, 80, 950])
        rows, low = pairs.pairs([self.PINGPONG], self.passes(self.PINGPONG, one, two), one, two)
        self.assertEqual(rows, [("pingpong", "throughput_2_over_1", 0.95, 0.8, 0.95, "ratio")])
        self.assertEqual(low, [])

    def test_a_second_thread_that_costs_is_named(self):
        one, two = Fixed("actord/1", per_spawn=[100]), Fixed("actord/2", per_spawn=[200])
        _, low = pairs.pairs([self.SPAWN], self.passes(self.SPAWN, one, two, runs=1), one, two)
        self.assertEqual(len(low), 1)
        self.assertIn("two threads at 0.500 of one", low[0])

    def test_every_bar_judges_a_figure_that_exists_and_a_goal_is_no_less_than_its_must(self):
        for (name, metric), bar in bars.BARS.items():
            with self.subTest(scenario=name, metric=metric):
                s = scenarios.BY_NAME[name]
                self.assertIn(metric, s.units)
                self.assertTrue(bar.absolute or metric in s.floor)
                self.assertTrue(bar.goal <= bar.must if bar.absolute else bar.goal >= bar.must)

    def test_an_absolute_bar_is_a_most(self):
        bar = bars.BARS["swap", "time"]
        self.assertEqual([bars.verdict(bar, None, v) for v in (0.4, 1.9, 2.1)], ["goal", "pass", "FAIL"])

    def test_contenders_take_turns_in_going_first(self):
        order = []
        noted = [Fixed(n) for n in "abc"]
        for c in noted:
            c.measure = lambda s, c=c: order.append(c.name) or {}
        self.passes(self.PINGPONG, *noted)
        self.assertEqual("".join(order), "abcbcacab")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
