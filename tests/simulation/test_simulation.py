"""Simulated runs of the real code: nothing is broken, and what is broken on purpose is found."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.simulation.checker import Checker
from tests.simulation.faults import CRASH
from tests.simulation.invocations import capture
from tests.simulation.mutants import MUTANTS
from tests.simulation.mutation import Mutant, applied
from tests.simulation.runs import Run, Scheduled, Seeded, run
from tests.simulation.scenarios import RARER, SCENARIOS
from tests.simulation.scopes import SCHEDULES, SCOPES
from tests.simulation.search import search
from tests.simulation.shrink import as_text, shortest

SEEDS = 40
MOST_SEEDS = 300
"""Seeds of each scenario: of the code as it is, and at the most until a mutant is found."""
_LINES = Path(__file__).with_name("seeds.txt").read_text().splitlines()
KEPT = [line.split(maxsplit=2) for line in _LINES if line[:1] != "#"]
STATES = 40_000
SMALL = (
    "a deletion twice at once, writes go astray",
    "a deletion twice at once, throttled, the queue fails",
    "a create forced",
    "a response registered, swept, and held at any moment",
)
"""Scopes that are searched in seconds; `make simulate-deep` searches all of them."""


@pytest.fixture(autouse=True)
def _captured() -> Iterator[None]:
    with capture():
        yield


def play(scenario: str, seed: int) -> Run:
    return run(SCENARIOS[scenario](Random(seed)), Seeded(seed), seed)


def seeds(scenario: str) -> range:
    return range(SEEDS // RARER.get(scenario, 1))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_seed_breaks_an_invariant(scenario: str) -> None:
    broken = {seed: came.broken for seed in seeds(scenario) if (came := play(scenario, seed)).broken}
    assert broken == {}


def test_no_seed_that_once_failed_fails_again() -> None:
    assert {(scenario, seed) for scenario, seed, _ in KEPT if play(scenario, int(seed)).broken} == set()


@pytest.mark.parametrize(("scenario", "seed", "what"), KEPT)
def test_a_kept_seed_still_finds_the_hole_that_it_is_kept_for(scenario: str, seed: str, what: str) -> None:
    (mutant,) = (each for each in MUTANTS if each.what == what)
    with applied(mutant):
        assert play(scenario, int(seed)).broken


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_is_the_same_run(scenario: str) -> None:
    for seed in range(3 if scenario not in RARER else 1):
        assert repr(play(scenario, seed)) == repr(play(scenario, seed))


@pytest.mark.parametrize("scope", SMALL)
def test_no_order_of_events_in_a_small_scope_breaks_an_invariant(scope: str) -> None:
    found = search(SCOPES[scope], STATES)
    assert found.failed is None
    assert found.ends > 1, "a search that ends nowhere shows nothing"


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_no_written_schedule_breaks_an_invariant(schedule: str) -> None:
    plan, moves = SCHEDULES[schedule]
    came = run(plan, Scheduled(moves))
    assert came.broken == ""
    followed = {move for move in moves if move[2] != CRASH}  # a crash may be before what only a mutant does
    assert followed <= set(came.moves), "the schedule can be followed"


def test_every_hole_is_put_back_that_functions_can_have() -> None:
    holes = {f"H{number}" for number in range(1, 28)}
    assert holes - {mutant.hole for mutant in MUTANTS} == {"H25", "H27"}, "these are the operator's tool's"


def test_each_invariant_of_retention_has_a_hole_that_breaks_it() -> None:
    assert {f"R{number}" for number in range(1, 11)} <= {mutant.hole.partition(",")[0] for mutant in MUTANTS}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.what)
def test_a_known_hole_put_back_is_found(mutant: Mutant) -> None:
    """Nothing else is found: as it is, the code breaks nothing in these seeds and scopes (`make simulate`)."""
    with applied(mutant):
        if mutant.by in SCOPES:
            assert search(SCOPES[mutant.by], STATES).failed is not None
        elif mutant.by in SCHEDULES:
            plan, moves = SCHEDULES[mutant.by]
            assert run(plan, Scheduled(moves)).broken
        else:
            assert any(play(mutant.by, seed).broken for seed in range(MOST_SEEDS))


def test_a_defect_of_the_simulator_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our code catches it like a service's answer, so that it would be told as a fault of ours."""

    def written(*_: object, **__: object) -> None:
        raise IndexError("planted")

    monkeypatch.setattr(Checker, "written", written)
    assert play("deletion", 0).broken == "a defect of the simulator: IndexError('planted')"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("a dead-lettered create counts as settled before its dead letter was sent", "writes dead_lettered"),
        ("the claim itself raises the watermark", "writes claimed"),
    ],
)
def test_a_failure_is_told_in_a_few_lines(what: str, told: str) -> None:
    (mutant,) = (each for each in MUTANTS if each.what == what)
    with applied(mutant):
        first = next(seed for seed in range(MOST_SEEDS) if play(mutant.by, seed).broken)
        seed, shrunk = shortest(SCENARIOS[mutant.by], first)
        assert play(mutant.by, seed).broken
    text = as_text(shrunk.trace)
    assert told in text
    assert len(text.splitlines()) <= 16
