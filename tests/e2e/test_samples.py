"""Every sample of every function of the table, behind a queue, the functions side by side."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infra.local.catalog import functions
from infra.local.environment import running_environment
from infra.local.play.player import Run, play
from infra.local.samples.case import cases
from infra.local.studio.settings import Settings
from infra.operate.contract.files import SCHEMAS
from infra.operate.contract.results import RESULTS

FUNCTIONS = {function.name: function for function in functions()}


@dataclass(frozen=True)
class Played:
    """How samples ended, their results, and the paths that were called and that the local AI Studio does not serve."""

    runs: Sequence[Run]
    results: Sequence[Mapping[str, Any]]
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
        results = [json.loads(result.body) for result in environment.servers.peek(environment.results)]
    unserved = {f"{call['method']} {call['path']}" for call in requests if call["status"] == 404 and call["id"] is None}
    return Played(runs, results, frozenset(unserved))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_sample_of_a_function_ends_as_its_file_says_behind_a_queue(played: Played, function: str) -> None:
    runs = [run for run in played.runs if run.case.function == function]
    assert len(runs) == len([case for case in cases() if case.function == function]) > 0
    differences = {run.case.name: run.differences for run in runs if run.differences}
    serves = f"infra/local/studio/further/{function}.py serves a further path of the API: METHOD, PATH and answer"
    assert differences == {}, serves if played.unserved else ""
    assert played.unserved == set(), serves


@pytest.mark.parametrize("function", sorted(RESULTS.keys() & FUNCTIONS))
def test_each_result_is_what_its_published_schema_says(played: Played, function: str) -> None:
    results = [result for result in played.results if result["source"] == f"/aistudio-functions/{function}"]
    checker = Draft202012Validator(json.loads((SCHEMAS / "results" / f"{function}.json").read_text()))
    assert results
    assert {error.message for result in results for error in checker.iter_errors(result)} == set()
    told = {name for result in results if "dataref" not in result for name in result["data"]} - {"omitted"}
    if function != "realtime_response_create":  # its fields are the API's
        assert told <= RESULTS[function].model_fields.keys()
