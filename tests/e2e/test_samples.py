"""Every sample of every function of the table, behind a queue."""

import pytest

from infra.local.catalog import LocalFunction, functions
from infra.local.demo.play import play
from infra.local.environment import running_environment
from infra.local.samples.case import cases
from infra.local.studio.settings import Settings


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_each_sample_of_a_function_ends_as_its_file_says_behind_a_queue(function: LocalFunction) -> None:
    chosen = [case for case in cases() if case.function == function.name]
    with running_environment([function.hurried()], studio=Settings(realtime_post="json")) as environment:
        environment.start()
        runs = play(environment, chosen)
        requests = environment.studio.requests()
    unserved = {f"{call['method']} {call['path']}" for call in requests if call["status"] == 404 and call["id"] is None}
    assert not unserved, (
        f"the local AI Studio serves no {unserved}: add infra/local/studio/further/{function.name}.py with METHOD, PATH"
        " and answer"
    )
    assert {run.case.name: run.differences for run in runs if run.differences} == {}
    assert len(runs) == len(chosen) > 0
