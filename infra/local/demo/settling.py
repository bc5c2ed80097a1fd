"""The first chapter of the demo: what becomes of four messages, in the words of the command that mends them."""

import time

from rich.console import Console

from infra.local.demo.stage import HIDDEN, NotAsTold, Stage, stage, wait
from worker.message_attributes import NAME

FUNCTIONS = ("delete_response", "realtime_response_create")
QUESTION = '{"type": "response.create", "event_id": "evt_1", "response": {"instructions": "Thank Ann."}}'


def story(on: Stage) -> None:
    """Tell it. Raises NotAsTold."""
    queue = on.environment.queues["delete_response"]
    on.environment.studio.seed("resp_1", "resp_2", "resp_3")
    on.tell("1. A user event wants an answer: one message, one call, one result.")
    on.type(f"ops send realtime_response_create '{QUESTION}'", r"^evt_1: done|^  You said.*")
    on.tell("2. A retention period is over: deleted, with a receipt that names no id.")
    on.type("""ops send delete_response '{"response_id": "resp_2"}'""", r"^resp_2: deleted|^  record.*|.*receipt 1\)$")
    on.tell("3. AI Studio is throttled: the message waits in its queue, and is done later.")
    on.type("ops break throttled", r"^throttled: AI Studio answers 429")
    on.type("""ops send --no-wait delete_response '{"response_id": "resp_1"}'""", HIDDEN)
    wait(lambda: any(NAME in each.attributes for each in on.environment.servers.peek(queue)))
    on.type("ops show resp_1", r"^response resp_1: under way.*|^  log: .*deferred, throttled")
    on.type("ops break off", HIDDEN)
    wait(lambda: "resp_1" not in on.environment.studio.stored())
    on.type("ops show resp_1", r"^response resp_1: deleted|.*receipt 1\)$")
    on.tell("4. AI Studio refuses for good: a dead letter, found, mended and sent back.")
    on.type("ops break rejected", r"^rejected: .*400")
    on.type("""ops send delete_response '{"response_id": "resp_3"}'""", r"^resp_3: dead-lettered.*", code=1)
    on.type("ops dead-letters counts", r".*delete_response  rejected")
    on.type("ops break off", HIDDEN)
    on.type("ops dead-letters redrive --reason rejected --yes", r".*1 sent: rejected.*")
    wait(lambda: "resp_3" not in on.environment.studio.stored())
    on.type("ops show resp_3", r"^response resp_3: deleted|.* redrove it$")


def tell(console: Console) -> None:
    """Tell the chapter. Raises NotAsTold."""
    begun = time.monotonic()
    with stage(console, FUNCTIONS) as on:
        story(on)
        calls = len(on.environment.studio.requests())
        stored, results = on.environment.studio.stored(), on.environment.servers.peek(on.environment.results)
    if (len(results), stored) != (4, []):
        raise NotAsTold(f"{len(results)} results, {stored} left")
    on.tell(
        f"4 messages, {calls} calls, {len(results)} results, {len(stored)} responses left, none lost, none done twice,"
        f" in {time.monotonic() - begun:.0f} s."
    )
