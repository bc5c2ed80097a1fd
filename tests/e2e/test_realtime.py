"""What is billed is asked for once: through real servers, with the function in processes of its own that are killed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.e2e.scene import Scene, Transport, function, running_scene
from tests.support.messages import arrived
from tests.support.observations import numbers
from tests.support.planted import EVENT_ID
from tests.support.waiting import eventually

TRANSPORTS: list[Transport] = ["http", "websocket"]
EVT = f"{EVENT_ID}1"


@dataclass(frozen=True)
class Step:
    """A moment of one delivery, and all that is there when the process is killed then, and at the end.

    `arrange` makes the process stay there, and gives what tells that it has come there.
    """

    name: str
    arrange: Callable[[Scene, str, Transport], Callable[[], object]]
    state: str | None
    end: tuple[str, str | None]
    billed: int
    results: int
    dead_letters: tuple[str, ...] = ()

    @property
    def event_id(self) -> str:
        """The id of its message."""
        return f"{EVENT_ID}{self.name}"


def held_write(state: str, *, applied: bool) -> Callable[[Scene, str, Transport], Callable[[], object]]:
    def arrange(scene: Scene, event_id: str, _: Transport) -> Callable[[], object]:
        return scene.hold_write(event_id, state, applied=applied).reached.is_set

    return arrange


def held_result(*, applied: bool) -> Callable[[Scene, str, Transport], Callable[[], object]]:
    def arrange(scene: Scene, event_id: str, _: Transport) -> Callable[[], object]:
        return scene.hold_result(event_id, applied=applied).reached.is_set

    return arrange


def held_answer(scene: Scene, event_id: str, transport: Transport) -> Callable[[], object]:
    slow = {"delay": 60} if transport == "http" else {"delay": 60, "realtime": "slow"}
    scene.environment.studio.fault(match={"id": event_id}, **slow)
    return lambda: scene.billed(event_id)


def held_dead_letter(scene: Scene, event_id: str, transport: Transport) -> Callable[[], object]:
    refusal = (
        {"status": 400} if transport == "http" else {"realtime": "error_event", "error_type": "invalid_request_error"}
    )
    scene.environment.studio.fault(match={"id": event_id}, **refusal)
    return scene.hold_dead_letter(event_id, applied=False).reached.is_set


UNKNOWN, DONE = ("dead_lettered", "outcome_unknown"), ("done", None)
STEPS = [
    Step("before the claim", held_write("claimed", applied=False), None, DONE, billed=1, results=1),
    Step("after the claim", held_write("claimed", applied=True), "claimed", UNKNOWN, 0, 0, ("outcome_unknown",)),
    Step("after the send", held_answer, "claimed", UNKNOWN, 1, 0, ("outcome_unknown",)),
    Step("before the result", held_result(applied=False), "claimed", UNKNOWN, 1, 0, ("outcome_unknown",)),
    Step("after the result", held_result(applied=True), "claimed", UNKNOWN, 1, 1, ("outcome_unknown",)),
    Step("before the outcome", held_write("done", applied=False), "claimed", UNKNOWN, 1, 1, ("outcome_unknown",)),
    Step("after the outcome", held_write("done", applied=True), "done", DONE, 1, 1),
    Step(
        "before the dead letter", held_dead_letter, "dead_lettered", ("dead_lettered", "rejected"), 0, 0, ("rejected",)
    ),
]


@pytest.mark.row(5)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_function_killed_at_any_step_never_asks_twice_and_ends_as_far_as_is_known(transport: Transport) -> None:
    # Leases have to end within the test; a call that does not begin in time is put off, and reaches its step later.
    with running_scene(function(timeout=8, REALTIME_TRANSPORT=transport)) as scene:
        scene.environment.start()
        for step in STEPS:
            there = step.arrange(scene, step.event_id, transport)
            scene.send(step.event_id)
            eventually(there, f"killed {step.name}")
            scene.kill()
            assert (step.name, scene.record(step.event_id).state) == (step.name, step.state)
        eventually(lambda: not scene.waiting(), "each message came back, and was acknowledged")

        for step in STEPS:
            record = scene.record(step.event_id)
            seen = (record.state, record.reason), scene.billed(step.event_id), len(scene.results(step.event_id))
            assert (step.name, *seen) == (step.name, step.end, step.billed, step.results)
            assert (step.name, *set(scene.dead_letters(step.event_id))) == (step.name, *step.dead_letters)
            # That a dead letter was sent is noted where time allows; without the note it may be sent once more.
            assert (step.name, record.dlq is not None) == (step.name, bool(step.dead_letters))


@pytest.mark.row(2)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_processes_with_the_same_event_at_once_ask_once(transport: Transport) -> None:
    with (
        running_scene(function(REALTIME_TRANSPORT=transport)) as scene,
        scene.instance() as one,
        scene.instance() as other,
        ThreadPoolExecutor(2) as pool,
    ):
        claims = [scene.hold_write(EVT, "claimed", applied=False) for _ in range(2)]
        result = scene.hold_result(EVT, applied=False)
        replies = [pool.submit(each.invoke, scene.delivery(EVT)) for each in (one, other)]
        for claim in claims:
            eventually(claim.reached.is_set, "both are about to claim")
        for claim in claims:
            claim.go()
        eventually(result.reached.is_set, "one of them has its answer")
        (retry,) = eventually(scene.waiting, "the other comes back later")
        result.go()

        assert [reply.result().ok for reply in replies] == [True, True]
        assert (scene.record(EVT).state, scene.billed(EVT), len(scene.results(EVT))) == ("done", 1, 1)
        assert (numbers(retry)[:2], retry.visible) == ((0, 1), False)

        assert one.invoke({"messages": [arrived(retry, sent_at=scene.record(EVT).lease_until)]}).ok
        assert (scene.billed(EVT), len(scene.results(EVT)), scene.dead_letters(EVT)) == (1, 1, [])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_producer_that_accepts_a_second_bill_gets_its_answer_after_a_lost_one(transport: Transport) -> None:
    lost = {"drop": "after"} if transport == "http" else {"realtime": "close_after", "close_code": 1011}
    with running_scene(function(REALTIME_TRANSPORT=transport)) as scene:
        scene.environment.studio.fault(match={"id": EVT}, **lost)
        scene.environment.start()
        scene.send(EVT, on_unknown="retry")
        eventually(lambda: scene.record(EVT).state == "done", "asked again")

        assert (scene.billed(EVT), len(scene.results(EVT)), scene.dead_letters(EVT)) == (2, 1, [])
        assert (scene.record(EVT).attempt, scene.record(EVT).copy) == (2, 1)
