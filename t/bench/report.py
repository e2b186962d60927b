"""The table of a run, and which targets it meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Mapping

from bench_data import Dataset
from load import Load

# Of a static file: a masked call, and the same with many sessions.
CALL_TARGETS = {"few": 0.5, "many": 0.45}
LONGEST_WAIT_MS = 1000.0
LIST_P95_MS = 50.0


@dataclass
class Row:
    """Rounds of one measurement."""

    name: str
    rounds: list[Load] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def add(self, load: Load) -> None:
        """One more round."""
        self.rounds.append(load)

    def compare_last(self, base: Row) -> None:
        """The last round against that of the static file just before."""
        self.ratios.append(self.rounds[-1].per_second / base.rounds[-1].per_second)

    @property
    def answered(self) -> int:
        """Of all rounds."""
        return sum(load.answered for load in self.rounds)

    @property
    def errors(self) -> int:
        """Of all rounds."""
        return sum(load.errors for load in self.rounds)


class Report:
    """Prints rows as they come; remembers errors and targets."""

    def __init__(self) -> None:
        self.errors = 0
        self._targets: list[tuple[str, str, bool]] = []

    def section(self, title: str) -> None:
        """What the next rows have in common."""
        print(f"\n{title}")
        print(f"  {'':<36}{'req/s':>8}{'ratio':>8}{'spread':>14}{'p50 ms':>9}{'p99 ms':>9}"
              f"{'max ms':>9}{'errors':>8}", flush=True)

    def _print(self, row: Row, ratio: str, spread: str) -> None:
        rounds = row.rounds
        self.errors += row.errors
        print(f"  {row.name:<36}{median(load.per_second for load in rounds):>8.0f}{ratio:>8}"
              f"{spread:>14}{median(load.p50 for load in rounds):>9.2f}"
              f"{median(load.p99 for load in rounds):>9.2f}"
              f"{max(load.longest for load in rounds):>9.1f}{row.errors:>8}", flush=True)
        for load in rounds:
            if load.faults:
                print(f"    errors: {load.faults}")
        closed = sum(load.closed for load in rounds)
        if closed:
            print(f"    connections that the server closed while they were idle: {closed}")

    def add(self, row: Row) -> None:
        """A row that was compared with the static file."""
        self._print(row, f"{median(row.ratios):.2f}",
                    f"{min(row.ratios):.2f}..{max(row.ratios):.2f}")

    def add_without_ratio(self, row: Row) -> None:
        """A row of another server."""
        self._print(row, "", "")

    def lists(self, lists: Mapping[str, list[float]]) -> None:
        """Times of pages in milliseconds, by list."""
        print("\n  pages of 50 of the API, one after the other"
              f"{'p50 ms':>27}{'p95 ms':>9}{'max ms':>9}")
        for name, times in lists.items():
            times = sorted(times)
            p95 = times[int(len(times) * 0.95)]
            print(f"  {name:<61}{median(times):>9.2f}{p95:>9.2f}{times[-1]:>9.2f}", flush=True)
            self._targets.append((f"{name}: page within {LIST_P95_MS:.0f} ms at p95",
                                  f"{p95:.1f} ms", p95 <= LIST_P95_MS))

    def targets(self, dataset: Dataset, call: Row) -> None:
        """What a masked call shall reach with these data."""
        target, ratio = CALL_TARGETS[dataset.name], median(call.ratios)
        self._targets.append((f"masked call with {dataset.sessions} sessions at {target:.2f}"
                              " of a static file", f"{ratio:.2f}", ratio >= target))

    def slowest(self, row: Row) -> None:
        """No caller waits for long."""
        longest = max(load.longest for load in row.rounds)
        self._targets.append((f"{row.name}: none over {LONGEST_WAIT_MS / 1000:.0f} s",
                              f"{longest:.0f} ms", longest < LONGEST_WAIT_MS))

    def print_targets(self) -> None:
        """One line for each."""
        print("\ntargets")
        for what, reached, is_met in self._targets:
            print(f"  {'met' if is_met else 'NOT MET':<8}{what}: {reached}")
        print(f"  {'met' if not self.errors else 'NOT MET':<8}no errors: {self.errors}")
