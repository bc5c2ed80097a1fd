"""Simulated runs of the real code: nothing is broken, and what is broken on purpose is found."""

import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant, applied
from tests.simulation.runs import Run, Seeded, run
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.scopes import SCOPES
from tests.simulation.search import search

SEEDS = 400
KEPT = [line.split() for line in Path(__file__).with_name("seeds.txt").read_text().splitlines() if line[:1] != "#"]
STATES = 40_000
LARGE = {"a create, throttled and refused, late writes", "two creates with one key", "two deletions of one response"}
"""Scopes that take most of the time: `make simulate-deep` searches them too."""

CAUGHT: dict[str, tuple[str, int] | str] = {
    "the claim itself raises the mark": ("create", 0),
    "a create's claim is released with the next number although no copy was confirmed": ("creates", 152),
    "a deletion's mark is raised although no copy was confirmed": ("deletion", 17),
    "a busy delivery is acknowledged without a copy": ("create", 0),
    "a parked create counts as settled before its dead letter was sent": ("create", 41),
    "a parked deletion counts as settled before its dead letter was sent": ("deletions", 51),
    "a redriven create meets its own parked row and is acknowledged": ("create", 1),
    "an unforced redrive of outcome_unknown is acknowledged": ("create", 1),
    "a force is good for ever": ("create", 1266),
    "the owner of a claim is the instance, not the delivery": ("create", 1),
    "a 503 is taken for a refusal where the call must not repeat": ("creates", 5),
    "receipts are written whatever is there": ("deletions", 1),
    "a deletion's mark is written over whatever is there": ("deletions", 24),
    "an ended lease is parked without naming the owner that was seen": ("create", 1105),
    "a create's result message follows the ledger": ("creates", 0),
    "the dead letter goes before the row says parked": ("create", 0),
    "held blocks for ever": ("deletion", 7),
    "a parked deletion answers every later message": ("deletions", 7),
    "held is recorded without a look whether it is still there": ("deletions", 422),
    "sent is written without naming which parking": "a deletion refused, redriven, refused again, a crash",
    "a deletion is parked over held": "a deletion twice at once, refused, held, a crash",
    "the claim is kept after a 429": ("storm", 0),
    "a 429 counts as an attempt": ("creates", 15),
    "what could not begin before the deadline is left unsettled": ("slow", 0),
    "a claim whose end is unknown is taken for granted": ("creates", 9),
    "a refused fact is taken for one whose result another delivery publishes": ("deletion", 240),
    "a copy that the queue did not confirm counts as sent": ("deletion", 17),
}
"""What finds each mutant first: a scenario and its seed, or a scope that is searched through."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def play(scenario: str, seed: int) -> Run:
    return run(SCENARIOS[scenario](Random(seed)), Seeded(seed), seed)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_seed_breaks_an_invariant(scenario: str) -> None:
    broken = {seed: came.broken for seed in range(SEEDS) if (came := play(scenario, seed)).broken}
    assert broken == {}


def test_no_seed_that_once_failed_fails_again() -> None:
    assert {(scenario, seed) for scenario, seed in KEPT if play(scenario, int(seed)).broken} == set()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_i8_the_same_seed_is_the_same_run(scenario: str) -> None:
    for seed in range(20):
        assert repr(play(scenario, seed)) == repr(play(scenario, seed))


@pytest.mark.parametrize("scope", [name for name in SCOPES if name not in LARGE])
def test_no_order_of_events_in_a_small_scope_breaks_an_invariant(scope: str) -> None:
    found = search(SCOPES[scope], STATES)
    assert found.failed is None
    assert found.ends > 1, "a search that ends nowhere shows nothing"


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.what in CAUGHT], ids=lambda each: each.what)
def test_a_known_hole_put_back_is_found(mutant: Mutant) -> None:
    by = CAUGHT[mutant.what]
    with applied(mutant):
        if isinstance(by, str):
            failed = search(SCOPES[by], STATES).failed
            assert failed is not None
        else:
            assert play(*by).broken
    if not isinstance(by, str):
        assert play(*by).broken == "", "it is the hole that is found, not something else"
