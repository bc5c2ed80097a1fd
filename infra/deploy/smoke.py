"""After a deployment: send a message to each function that has one for this, and wait for its outcome in the ledger.

Where responses can be created, the deletion is of one that was just created, and has to delete it.
`python -m infra.deploy.smoke ENVIRONMENT`
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from documents import TableUnavailable
from infra.deploy import table
from infra.deploy.entry_points import function_of
from infra.deploy.ledger import ledger_of
from infra.deploy.terraform import Root
from infra.operate.cloud import KEY, Stopped, begin, command, endpoint, session
from ledger import Keys, Ledger, RecordKey
from ledger.states import DEAD_LETTERED, DELETED, FINAL_STATES, HELD
from retention.erasure import SUBJECT
from worker.receive.envelope import open_body

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

DELETE, CREATE = "delete_response", "create_response"
PATIENCE = 420.0
"""Seconds: a new trigger may take five minutes to begin."""

INDEXED_WITHIN = 60.0
"""Seconds for an index to follow its table."""

FINAL = FINAL_STATES | {HELD, DEAD_LETTERED}
"""States after which nothing more happens of itself."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A function's message, the key of its record in the ledger, and the states that are a success."""

    function: str
    body: str
    record_key: RecordKey
    ends: tuple[str, ...]


def probes(queues: Mapping[str, str], keys: Keys, fresh: str | None = None, folder_id: str = "") -> list[Probe]:
    """The messages for those functions of the table that have a queue here and a message for this.

    `fresh` takes the place of {id} in them: a UUID, as the ids of stored responses are, and another for each run.
    `folder_id`, that of AI Studio, takes the place of {folder}.
    """
    entries = table.read()["functions"]
    return [
        _probe(name, entries[name], keys, fresh or str(uuid.uuid4()), folder_id)
        for name in sorted(queues)
        if entries[name].get("smoke")
    ]


def _probe(name: str, entry: Mapping[str, Any], keys: Keys, fresh: str, folder_id: str = "") -> Probe:
    function = function_of(entry)
    body = json.dumps(entry["smoke"]["message"], ensure_ascii=False)
    body = body.replace("{id}", fresh).replace("{folder}", folder_id)
    content = open_body(body)
    key = function.model.model_validate(content.message).key or content.identity or ""
    return Probe(name, body, keys.key(function.namespace, key), tuple(entry["smoke"]["ends"]))


def check(
    sent: list[Probe],
    queues: Mapping[str, str],
    sqs: "SQSClient",
    store: Ledger,
    patience: float = PATIENCE,
    wait: Callable[[float], None] = time.sleep,
) -> bool:
    """Send all, wait for all, print how each ended; whether all ended well. Raises Stopped where one can't be sent."""
    for probe in sent:
        try:
            sqs.send_message(QueueUrl=queues[probe.function], MessageBody=probe.body)
        except (ClientError, BotoCoreError) as error:
            raise Stopped(f"the message for {probe.function} can't be sent: {error}") from None
    begun = time.monotonic()
    open_ = {probe.record_key: probe for probe in sent}
    well = True
    while open_:
        left = begun + patience - time.monotonic()
        for record_key, probe in list(open_.items()):
            state, reason = _look(store, record_key)
            if state in FINAL or left <= 0:
                del open_[record_key]
                well &= state in probe.ends
                told = f"{state or 'nothing in the ledger'}{f' ({reason})' if state == DEAD_LETTERED else ''}"
                print(f"{probe.function}: {told} after {time.monotonic() - begun:.0f} s")
        if open_:
            wait(min(2.0, max(left, 0.0)))
    return well


def _look(store: Ledger, record_key: RecordKey) -> tuple[str | None, str | None]:
    try:
        found = store.get(record_key)
    except TableUnavailable:
        return None, None  # asked again until patience ends
    return found.state, found.reason


def deletion_of(created: Probe, keys: Keys, store: Ledger) -> Probe | None:
    """The deletion of what this create has stored; None as long as the index does not have it.

    The create names a person of its own, and the response is registered for that person.
    """
    person = keys.key("subject", json.loads(created.body)["subject"])
    try:
        found = [record.response_id for page in store.query(SUBJECT, person) for record in page if record.response_id]
    except TableUnavailable:
        return None
    if not found:
        return None
    return replace(_probe(DELETE, table.read()["functions"][DELETE], keys, found[0]), ends=(DELETED,))


def run(platform: Mapping[str, Any], queues: Mapping[str, str]) -> int:
    """Check a deployment by its outputs; the exit code. Raises Stopped."""
    keys, store = ledger_of(platform)
    sqs = session().client("sqs", endpoint_url=endpoint("ymq_endpoint"))
    sent = {probe.function: probe for probe in probes(queues, keys, folder_id=platform["aistudio_folder_id"])}
    for name in sorted(queues.keys() - sent.keys()):
        print(f"{name}: not asked, since infra/functions.yaml has no message for this")
    last = [sent.pop(DELETE)] if {DELETE, CREATE} <= sent.keys() else []
    well = check(list(sent.values()), queues, sqs, store)
    if last and well:
        last = _await(sent[CREATE], keys, store)
        well = bool(last)
    return 0 if check(last, queues, sqs, store) and well else 1


def _await(created: Probe, keys: Keys, store: Ledger) -> list[Probe]:
    end = time.monotonic() + INDEXED_WITHIN
    while (found := deletion_of(created, keys, store)) is None:
        if time.monotonic() > end:
            print(f"{created.function}: what it stored is not registered after {INDEXED_WITHIN:.0f} s")
            return []
        time.sleep(1)
    return [found]


@command
def main() -> int:
    """Check the deployment that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.smoke", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    environment = parser.parse_args().environment
    begin("YC_TOKEN", *KEY)
    platform, app = Root("platform", environment), Root("app", environment)
    platform.init()
    app.init()
    return run(platform.output("platform"), app.output("queues"))


if __name__ == "__main__":
    sys.exit(main())
