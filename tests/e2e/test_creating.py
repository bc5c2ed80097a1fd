"""Creating, with the function in processes of its own that are killed: never two responses, and no learned id is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.e2e.proxy import Document
from tests.e2e.scene import CREATE, Scene, function, running_scene
from tests.support.planted import EVENT_ID
from tests.support.waiting import eventually

FORMS: dict[str, dict[str, Any]] = {"plain": {}, "stream": {"stream": True}, "background": {"background": True}}

There = Callable[[], object]


def after_the_claim(scene: Scene, event_id: str) -> There:
    return scene.hold_write(event_id, "claimed", applied=True).reached.is_set


def while_it_streams(scene: Scene, event_id: str) -> There:
    scene.environment.studio.fault(match={"text": f"{event_id}$"}, response="stream_slow", delay=0.5)
    return lambda: scene.record(event_id).response_id


def before_it_is_learned(scene: Scene, event_id: str) -> There:
    return learning(scene, event_id, applied=False)


def learned(scene: Scene, event_id: str) -> There:
    return learning(scene, event_id, applied=True)


def learning(scene: Scene, event_id: str, *, applied: bool) -> There:
    def fits(document: Document) -> bool:
        mine = document["Key"]["key"]["S"] == scene.record_key(event_id)
        return bool(mine and ":response_id" in document.get("ExpressionAttributeValues", {}))

    return scene.proxy.hold("UpdateItem", fits, applied=applied).reached.is_set


def before_the_outcome(scene: Scene, event_id: str) -> There:
    return outcome(scene, event_id, applied=False)


def after_the_outcome(scene: Scene, event_id: str) -> There:
    return outcome(scene, event_id, applied=True)


def outcome(scene: Scene, event_id: str, *, applied: bool) -> There:
    def fits(document: Document) -> bool:
        return bool(document["TransactItems"][0]["Update"]["Key"]["key"]["S"] == scene.record_key(event_id))

    return scene.proxy.hold("TransactWriteItems", fits, applied=applied).reached.is_set


@dataclass(frozen=True)
class Step:
    """A moment of one create at which its process is killed, and how it ends then."""

    arrange: Callable[[Scene, str], There]
    form: str
    results: int = 1
    billed: int = 1

    @property
    def event_id(self) -> str:
        """The id of its message."""
        return f"{EVENT_ID}{self.arrange.__name__}-{self.form}"


STEPS = [
    *(Step(after_the_claim, form, results=0, billed=0) for form in FORMS),
    # The model has run, and nothing of it is kept: a second create would be a second bill.
    *(Step(before_it_is_learned, form, results=0) for form in FORMS),
    Step(while_it_streams, "stream"),
    *(Step(learned, form) for form in FORMS),
    # What has left before the outcome is told once more, by a poll: no record says that it has left.
    *(Step(before_the_outcome, form, results=1 if form == "background" else 2) for form in FORMS),
    *(Step(after_the_outcome, form) for form in FORMS),
]


def test_a_create_killed_at_any_step_never_yields_two_and_never_loses_an_id_that_it_learned() -> None:
    # Leases have to end within the test; a call that does not begin in time is put off, and reaches its step later.
    with running_scene(function(timeout=8, name=CREATE)) as scene:
        scene.environment.studio.fault(match={"text": "-background$"}, times=None, response="pace", polls=1)
        scene.environment.start()
        for step in STEPS:
            there = step.arrange(scene, step.event_id)
            scene.send(step.event_id, **FORMS[step.form])
            eventually(there, f"killed {step.event_id}")
            scene.kill()
        eventually(lambda: not scene.waiting(), "each message came back, and was acknowledged")
        polls = scene.environment.queues["get_response"]
        eventually(lambda: not scene.environment.servers.peek(polls), "each poll has its end")

        stored = set(scene.environment.studio.stored())
        for step in STEPS:
            seen = scene.billed(step.event_id), len(scene.answers(step.event_id))
            assert (step.event_id, *seen) == (step.event_id, step.billed, step.results)
            unknown = ["outcome_unknown"] if step.arrange in (after_the_claim, before_it_is_learned) else []
            assert (step.event_id, scene.dead_letters(step.event_id)) == (step.event_id, unknown)
        assert len(stored) == sum(step.billed for step in STEPS)
        assert scene.registered() < stored
        assert len(stored - scene.registered()) == sum(step.arrange is before_it_is_learned for step in STEPS)
