"""Simulated runs of the real code: nothing is broken, and what is broken on purpose is found."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.simulation.invocations import capture
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


@pytest.fixture(autouse=True)
def _captured() -> Iterator[None]:
    with capture():
        yield


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


def test_every_hole_is_put_back_that_functions_can_have() -> None:
    holes = {f"H{number}" for number in range(1, 28)}
    assert holes - {mutant.hole for mutant in MUTANTS} == {"H9", "H25", "H27"}, "these are the operator's tool's"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.what)
def test_a_known_hole_put_back_is_found(mutant: Mutant) -> None:
    """Nothing else is found: as it is, the code breaks nothing in the same seeds and scopes (see above)."""
    with applied(mutant):
        if mutant.by in SCOPES:
            assert search(SCOPES[mutant.by], STATES).failed is not None
        else:
            assert any(play(mutant.by, seed).broken for seed in range(SEEDS))
