from infra.local.catalog import functions
from infra.local.demo.play import play
from infra.local.environment import running_environment
from infra.local.samples.case import cases
from infra.local.studio.settings import Settings

NAME = "realtime_response_create"


def test_each_sample_of_creates_ends_as_its_file_says_behind_a_queue() -> None:
    chosen = [case for case in cases() if case.function == NAME]
    here = [function.hurried() for function in functions() if function.name == NAME]
    with running_environment(here, studio=Settings(realtime_post="json")) as environment:
        environment.start()
        runs = play(environment, chosen)
    assert {run.case.name: run.differences for run in runs if run.differences} == {}
    assert len(runs) == len(chosen) > 50
