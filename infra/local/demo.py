"""``make demo``: every sample of ``events/`` through the local environment, and a table of how each ended.

Exits 0 only if each message ended as its file says.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local import catalog, samples
from infra.local.environment import Environment, running_environment
from infra.local.observe import Observed, Observer
from infra.local.runtime import Runtime
from infra.local.samples import Case
from infra.local.stopping import stopping_in_order
from infra.local.studio.settings import Settings as StudioSettings
from ledger import Holds, Keys, Store

PATIENCE = 50.0
"""Seconds from the first message until what has not ended counts as a difference."""
FIRST_DELIVERY = 10.0
"""Seconds to wait for a sample's first delivery, before the next is sent: samples must not share a batch."""


@dataclass
class Run:
    """One sample under way: the ids under which its messages are delivered, and how each was last seen."""

    case: Case
    message_ids: list[str]
    observed: list[Observed] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        """What did not end as the file says."""
        wrong = [
            f"message {number}: {difference}"
            for number, (seen, wanted) in enumerate(zip(self.observed, self.case.sample.ends, strict=False), 1)
            for difference in seen.differences(wanted)
        ]
        return self.unexpected + wrong

    @property
    def settled(self) -> int:
        """How many of its messages have ended as they should."""
        ends = zip(self.observed, self.case.sample.ends, strict=False)
        return sum(not seen.differences(wanted) for seen, wanted in ends)


class Demo:
    """Sends samples through an environment and watches them end."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._observer = Observer(environment)
        self._holds = Holds(Store(environment.dynamodb, environment.ledger), settling=0)
        self._keys = Keys(environment.settings["HASH_KEY"])
        self._runtimes: dict[str, Runtime] = {}

    def begin(self, case: Case) -> Run:
        """Prepare what the sample needs, deliver its messages for the first time, and wait until that is over."""
        sample, studio = case.sample, self._environment.studio
        if sample.stored:
            studio.seed(*sample.stored)
        for response_id in sample.holds:
            self._holds.place(self._keys.key(case.function, response_id), "demo", time.time())
        for fault in sample.faults:
            studio.fault(**fault)
        return self._invoke(case) if sample.via == "invoke" else self._send(case)

    def watch(self, run: Run) -> None:
        """See how the sample's messages are doing; the queues as of the observer's last look."""
        run.observed = [self._observer.observe(run.case, index, each) for index, each in enumerate(run.message_ids)]

    def look(self) -> None:
        """Read the queues once, for all samples."""
        self._observer.look()

    def stop(self) -> None:
        """End the processes that served direct calls."""
        for runtime in self._runtimes.values():
            runtime.stop()

    def _invoke(self, case: Case) -> Run:
        if case.function not in self._runtimes:
            self._runtimes[case.function] = self._environment.runtime(case.function)
        reply = self._runtimes[case.function].invoke(case.event)
        run = Run(case, [message["message_id"] for message in case.messages])
        if not reply.ok:
            run.unexpected.append(f"the call {reply.ended}: {reply.error} {reply.message}")
        return run

    def _send(self, case: Case) -> Run:
        bodies = [message["body"] for message in case.messages]
        run = Run(case, self._environment.send(case.function, *bodies, attributes=case.queue_attributes()))
        left, deadline = set(run.message_ids), time.monotonic() + FIRST_DELIVERY
        while left and time.monotonic() < deadline:
            left -= {message_id for seen in list(self._environment.seen) for message_id in seen.message_ids}
            time.sleep(0.02)
        return run


def show(console: Console, runs: Sequence[Run]) -> None:
    """Print the table, one line a message, and what differs."""
    table = Table(box=None, pad_edge=False)
    for heading in ("message", "calls", "end", "outcome or reason", "where it ended"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        for number, seen in enumerate(run.observed):
            title = run.case.title if not number else f"  and message {number + 1}"
            mark = "" if not run.differences else "[bold red]"
            table.add_row(
                f"{mark}{title}", str(seen.calls), seen.end or "-", seen.outcome or seen.reason or "-", seen.where
            )
        if not run.observed:
            table.add_row(run.case.title, "0", "-", "-", "nothing to do")
    console.print(table)
    for run in runs:
        for difference in run.differences:
            console.print(f"[bold red]{run.case.title}[/]: {difference}", soft_wrap=True, highlight=False)


def play(console: Console, environment: Environment, chosen: Sequence[Case], patience: float) -> list[Run]:
    """Begin all samples one after the other, then wait until each has ended as it should, or patience ends."""
    demo, runs = Demo(environment), list[Run]()
    deadline = time.monotonic() + patience
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # those whose return the queue itself has to wait out come first
    ordered = sorted(chosen, key=lambda case: all(end.end != "unsettled" for end in case.sample.ends))
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("messages settled", total=sum(len(case.sample.ends) for case in chosen))

        def all_settled(watched: Sequence[Run]) -> bool:
            demo.look()
            for run in watched:
                demo.watch(run)
            progress.update(bar, completed=sum(run.settled for run in runs))
            return not any(run.differences for run in watched)

        try:
            for case in ordered:
                runs.append(demo.begin(case))
                all_settled([run for run in runs if run.differences or not run.observed])
            # the last look is at all of them: none may have been called once more since
            while not (all_settled([run for run in runs if run.differences]) and all_settled(runs)):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.3)
        finally:
            demo.stop()
    return sorted(runs, key=lambda run: run.case.title)


def main() -> int:
    """Run the demo; 0 if all ended as the files say."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="Every sample, and how it ended.")
    parser.add_argument("--events", type=Path, default=samples.EVENTS, help="folder of the samples (%(default)s)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for all to end (%(default)s)")
    given = parser.parse_args()
    console, begun = Console(width=None if sys.stdout.isatty() else 120), time.monotonic()
    printed: list[str] = []
    with (
        stopping_in_order(),
        running_environment(
            catalog.functions(),
            studio=StudioSettings(realtime_post="json"),
            log=lambda name, line: printed.append(f"{name}: {line}"),
        ) as environment,
    ):
        environment.start()
        runs = play(console, environment, samples.cases(given.events), given.patience)
        replies = [seen.reply for seen in list(environment.seen) if not seen.reply.ok]
        failures = [f"A call {reply.ended}: {reply.error} {reply.message}" for reply in replies]
    show(console, runs)
    wrong = sum(1 for run in runs if run.differences)
    if wrong:
        told = [*dict.fromkeys(failures), "What the functions printed last:", *printed[-30:]]
        console.print("", *told, sep="\n", highlight=False, markup=False, soft_wrap=True)
    messages = sum(len(run.message_ids) for run in runs)
    verdict = f"{wrong} of them not as their files say" if wrong else "each as its file says"
    console.print(
        f"\n{messages} messages of {len(runs)} samples ended, {verdict}, in {time.monotonic() - begun:.0f} s."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
