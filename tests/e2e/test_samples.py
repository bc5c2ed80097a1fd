"""Every sample of every function of the table, behind a queue, the functions side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from infra.local.catalog import functions
from infra.local.environment import running_environment
from infra.local.play.player import Run, play
from infra.local.samples.case import cases
from infra.local.studio.settings import Settings

FUNCTIONS = {function.name: function for function in functions()}


@dataclass(frozen=True)
class Played:
    """How samples ended, and the paths that were called and that the local AI Studio does not serve."""

    runs: Sequence[Run]
    unserved: frozenset[str]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Played:
    """The samples of all functions that are asked for (pytest's -k), in one environment."""
    chosen = [item for item in request.session.items if isinstance(item, pytest.Function) and item.path == request.path]
    names = [str(item.callspec.params["function"]) for item in chosen]
    hurried = [FUNCTIONS[name].hurried() for name in names]
    with running_environment(hurried, studio=Settings(realtime_post="json")) as environment:
        environment.start()
        runs = play(environment, [case for case in cases() if case.function in names])
        requests = environment.studio.requests()
    unserved = {f"{call['method']} {call['path']}" for call in requests if call["status"] == 404 and call["id"] is None}
    return Played(runs, frozenset(unserved))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_sample_of_a_function_ends_as_its_file_says_behind_a_queue(played: Played, function: str) -> None:
    runs = [run for run in played.runs if run.case.function == function]
    assert len(runs) == len([case for case in cases() if case.function == function]) > 0
    differences = {run.case.name: run.differences for run in runs if run.differences}
    serves = f"infra/local/studio/further/{function}.py serves a further path of the API: METHOD, PATH and answer"
    assert differences == {}, serves if played.unserved else ""
    assert played.unserved == set(), serves
