"""The functions of retention on one table and one clock, each with its own queue, and what time lets become of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import retention_sweep
from ledger import Ledger, Record
from ledger.registration import Registration
from retention.registering import registered
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.ticking import ticked
from worker.clock import Clock
from worker.send.elsewhere import Elsewhere

FUNCTIONS = ("delete_response", "erase_subject", "legal_hold", "register_response", "verify_deletion")


class Retention:
    """All of them; `benches` by the functions' names."""

    def __init__(self, kit: Kit, functions: Iterable[str] = FUNCTIONS) -> None:
        self.kit = kit
        self.benches = {name: bench_of(name, kit) for name in functions}
        self.deletions = self.benches["delete_response"]
        self.clock, self.keys, self.studio = self.deletions.clock, self.deletions.keys, kit.studio
        self.urls = dict.fromkeys(FUNCTIONS, "") | {name: bench.own for name, bench in self.benches.items()}
        for name, bench in self.benches.items():
            bench.share(self.deletions)
            bench.elsewhere = lambda queue, name=name: Elsewhere(queue, self.urls, name)  # type: ignore[misc]  # bound now
        self.store = Ledger(kit.spectator, self.deletions.table)
        self.settings: Mapping[str, Any] = {}

    def register(self, *names: str, until: float | None = None, **said: Any) -> None:
        """Store responses, and register them just now; without a date they are due in ten days."""
        now = self.clock.now()
        self.studio.seed(*names)
        plain = Registration("", round(now * 1000), "h", delete_after=now + 864_000 if until is None else until)
        for name in names:
            registered(replace(plain, response_id=name, **said), self.store, self.keys, now)

    def person(self, name: str) -> Any:
        """The key of a person's record."""
        return self.keys.key("subject", name)

    def record(self, name: str) -> Record:
        """The record of a response."""
        return self.deletions.record(name)

    def deliver(self, function: str, message: Mapping[str, Any], **how: Any) -> list[tuple[str, str | None]]:
        """Send a message just now, and deliver it."""
        bench = self.benches[function]
        return bench.deliver(bench.message(dict(message)), **how).ends

    def sweep(self, *, seed: int = 7, clock: Clock | None = None) -> dict[str, int]:
        """Let the sweep's timer tick; `clock` is that of its machine."""
        handler, urls, said = retention_sweep.handler, self.urls, self.settings
        return ticked(self.deletions, handler, seed=seed, own_clock=clock, urls=urls, settings=said)

    def work(self) -> list[tuple[str, str | None]]:
        """Deliver what waits in any queue once, whatever its delay."""
        filled = self.kit.stock.messages()
        taken = [(bench, bench.take_retry_messages()) for bench in self.benches.values() if filled.get(bench.own)]
        ends = []
        for bench, entries in taken:
            for at in range(0, len(entries), 100):
                delivered = bench.deliver(*entries[at : at + 100])
                assert delivered.acknowledged, delivered.error
                ends += delivered.ends
        return ends

    def pass_time(self, seconds: float, step: float = 900) -> None:
        """Let so much time pass; a sweep and the deliveries of what waits come after each step of it."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.clock.advance(min(step, until - self.clock.now()))
            self.sweep()
            self.work()

    def results(self, function: str) -> list[dict[str, Any]]:
        """What a function's results say."""
        return [result["data"] for result in self.benches[function].results()]
