"""What `ops doctor` looks at: each check gives a line, and what to do where it finds something wanting."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import WebSocketException

from aistudio import API, APIError, Responses
from aistudio.network.deadline import Exchange
from aistudio.realtime.opening import Refused, connected
from documents.tables import LEDGER, definitions
from infra.operate.ops import hash_key
from infra.operate.ops.ending import Ended, misused, services
from infra.operate.ops.environments import Reach
from ledger import Keys
from worker import clients
from worker.settings import Settings, SettingsError

MOST_SKEW = 60
"""Seconds that two clocks may differ: leases allow for 300 on each side, and a minute is worth a look."""
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, whether it is good, what was found, and what to do."""

    what: str
    good: bool
    found: str
    advice: str = ""


def findings(reach: Reach) -> Iterator[Finding]:
    """Look at everything, one after the other; what can't be reached is a finding too."""
    checks: list[tuple[str, Callable[[Reach], Iterator[Finding]]]] = [
        ("settings", _settings),
        ("queues", _queues),
        ("table", _table),
        ("hash key", _hash_key),
        ("clocks", _clocks),
        ("AI Studio", _studio),
        ("realtime", _realtime),
    ]
    for what, check in checks:
        try:
            with services():
                yield from check(reach)
        except Ended as error:
            yield Finding(what, good=False, found=str(error), advice="see infra/README.md, Credentials")


def _settings(reach: Reach) -> Iterator[Finding]:
    yield Finding("settings", good=bool(reach.settings), found=f"{len(reach.values)} read from {reach.name}")
    for name in reach.queues:
        try:
            Settings.read({**reach.values, **reach.deployed.get(name, {})}, (), reach.function(name).check)
        except SettingsError as error:
            advice = f"set it in app.tfvars, then {reach.make('deploy')}"
            yield Finding(f"settings of {name}", good=False, found=str(error), advice=advice)


def _queues(reach: Reach) -> Iterator[Finding]:
    urls = {**reach.queues, "dead letters": reach.settings.dead_letter_queue_url}
    if reach.settings.results_queue_url:
        urls["results"] = reach.settings.results_queue_url
    for name, url in urls.items():
        told: Any = reach.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        waiting, policy = int(told["ApproximateNumberOfMessages"]), json.loads(told.get("RedrivePolicy") or "{}")
        if name == "dead letters":
            advice = reach.hint("dead-letters", "counts") if waiting else ""
            yield Finding(f"queue of {name}", good=not waiting, found=f"{waiting} waiting", advice=advice)
        elif name in reach.queues and not policy.get("deadLetterTargetArn"):
            yield Finding(f"queue of {name}", good=False, found="it has no redrive policy", advice=reach.make("deploy"))
        else:
            yield Finding(f"queue of {name}", good=True, found=f"{waiting} waiting")


def _table(reach: Reach) -> Iterator[Finding]:
    (wanted,) = (each for each in definitions() if each["name"] == LEDGER)
    told = reach.dynamodb.describe_table(TableName=reach.table)["Table"]
    there = {index.get("IndexName") for index in told.get("GlobalSecondaryIndexes", [])}
    lacks = sorted({index["name"] for index in wanted["indexes"]} - there)
    found = f"it lacks the indexes {', '.join(lacks)}: of an older version" if lacks else f"{len(there)} indexes"
    yield Finding(f"table {reach.table}", good=not lacks, found=found, advice=reach.make("platform") if lacks else "")


def _hash_key(reach: Reach) -> Iterator[Finding]:
    fits = hash_key.fits(Keys(reach.settings.hash_key.get_secret_value()), reach.ledger)
    found = {
        True: "the records on the agenda were made with it",
        False: "the records on the agenda were made with another key: this one finds none of them",
        None: "nothing is on the agenda, and only that would tell",
    }
    advice = "set HASH_KEY to the key of this ledger; it can't be made anew" if fits is False else ""
    yield Finding("hash key", good=fits is not False, found=found[fits], advice=advice)


def _clocks(reach: Reach) -> Iterator[Finding]:
    if (skew := reach.skew) is None:
        yield Finding("clocks", good=True, found="the service tells no time that can be read")
        return
    good = abs(skew) < MOST_SKEW
    advice = "" if good else "set this machine's clock: holds and forced redrives are judged by it"
    yield Finding("clocks", good=good, found=f"this one is {skew:+.0f} s off the table service's", advice=advice)


def _studio(reach: Reach) -> Iterator[Finding]:
    api = api_of(reach)
    try:
        Responses(api).exists(str(uuid.uuid4()), PATIENCE)
    except APIError as error:
        advice = "is AISTUDIO_FOLDER_ID right, and has the key or token its role there?"
        yield Finding("AI Studio", good=False, found=f"{type(error).__name__}: {error}", advice=advice)
    else:
        yield Finding("AI Studio", good=True, found=f"{reach.settings.aistudio_base_url} answers, and takes the key")
    finally:
        api.close()


def _realtime(reach: Reach) -> Iterator[Finding]:
    if not reach.settings.realtime_model:
        yield Finding("realtime", good=True, found="no REALTIME_MODEL is known here: not looked at")
        return
    api = api_of(reach)
    try:
        with connected(api, api.headers(api.new_id()), Exchange(api.monotonic() + PATIENCE, api.monotonic)):
            yield Finding("realtime", good=True, found="the WebSocket answers; whether POST is served: --live")
    except Refused as error:
        found = f"the WebSocket is refused: HTTP {error.response.status_code}"
        yield Finding("realtime", good=False, found=found, advice="is REALTIME_MODEL a model of this folder?")
    except (OSError, WebSocketException, APIError) as error:
        yield Finding("realtime", good=False, found=f"no WebSocket: {type(error).__name__}", advice="the network?")
    finally:
        api.close()


def api_of(reach: Reach) -> API:
    """A client of the environment's AI Studio, with its key, else with the token of this shell. Raises Ended."""
    if not reach.settings.aistudio_folder_id:
        raise misused(f"{reach.name}: AISTUDIO_FOLDER_ID is not set")
    return API(clients.studio(reach.settings), token=lambda: reach.values.get("YC_TOKEN", ""))
