"""`ops break`: each fault does what its name says, and is mended."""

import httpx
import pytest

from infra.local.environment import Environment
from infra.local.processes.loopback import loopback
from infra.operate.ops.breaking import FAULTS
from tests.operate.conftest import Ops


def asked(environment: Environment) -> str:
    """How AI Studio answers a deletion now."""
    url = f"{environment.studio.base_url}/responses/resp_1"
    try:
        return str(loopback().delete(url, headers=environment.studio.headers, timeout=2).status_code)
    except httpx.HTTPError as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("throttled", "429"),
        ("down", "503"),
        ("slow", "ReadTimeout"),
        ("reset", "ReadError"),
        ("gateway", "502"),
        ("rejected", "400"),
        ("unauthorized", "401"),
        ("forbidden", "403"),
    ],
)
def test_a_fault_of_ai_studio_lasts_until_it_is_mended(
    ops: Ops, environment: Environment, fault: str, answer: str
) -> None:
    assert ops(f"break {fault}").code == 0
    assert [asked(environment) for _ in range(2)] == [answer, answer]
    assert ops("break off").code == 0
    assert asked(environment) == "404"


def test_half_of_the_requests_fail(ops: Ops, environment: Environment) -> None:
    ops("break errors")

    assert {asked(environment) for _ in range(40)} == {"404", "500"}
    ops("break off")


@pytest.mark.parametrize(("fault", "command"), [("queue-down", "status"), ("table-down", "show resp_1")])
def test_a_service_that_is_down_can_not_be_reached_until_it_is_mended(
    ops: Ops, environment: Environment, fault: str, command: str
) -> None:
    assert ops(f"break {fault}").code == 0
    try:
        ran = ops(command)
        assert ran.code == 3
        assert fault == "queue-down" or "answers 503: try again later" in ran.err
    finally:
        assert ops("break off").code == 0
    assert ops(command).code != 3


@pytest.mark.parametrize("length", ["0s", "0.1s"])
def test_a_fault_for_a_time_is_mended_after_it(ops: Ops, environment: Environment, length: str) -> None:
    ran = ops(f"break rejected --for {length}")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "mended")
    assert asked(environment) == "404"


def test_the_list_names_every_fault(ops: Ops) -> None:
    assert ops("break --list --json").data == {name: fault.does for name, fault in FAULTS.items()}
