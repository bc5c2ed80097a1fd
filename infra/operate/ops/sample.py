"""What a sample needs before it is sent: stored responses, holds, and faults, which only a local AI Studio has."""

import time
from typing import Any
from urllib.parse import quote

from infra.local.processes.loopback import loopback
from infra.local.samples.case import Case
from infra.operate.ops.ending import unreachable
from infra.operate.ops.environments import Reach
from ledger import Holds


def prepare(reach: Reach, case: Case) -> list[str]:
    """Make it so, and say what was made, or can't be."""
    sample = case.sample
    if not reach.local:
        left = [word for word, there in (("stored responses", sample.stored), ("faults", sample.faults)) if there]
        return [f"{' and '.join(left)} of the sample are not made: this is no local AI Studio"] if left else []
    if sample.stored:
        ask(reach, "POST", "responses", list(sample.stored))
    for response_id, fields in sample.stored_as.items():
        ask(reach, "PUT", f"responses/{quote(response_id, safe='')}", fields)
    for end in sample.ends:
        if sample.realtime_post is not None and end.key is not None:
            ask(reach, "PUT", "realtime", {"post": sample.realtime_post, "id": end.key})
    if sample.faults:
        ask(reach, "POST", "faults", list(sample.faults))
    holds = Holds(reach.ledger, settling=0)
    for response_id in sample.holds:
        holds.place(reach.keys.key("response", response_id), "sample", time.time())
    told = [f"{case.title}: {sample.says}"]
    if sample.faults:
        told.append(f"{len(sample.faults)} faults are armed on the local AI Studio")
    return told


def ask(reach: Reach, method: str, path: str, body: Any = None) -> Any:
    """Ask the local AI Studio's control plane. Raises Ended where it refuses."""
    answer = loopback().request(method, f"{reach.control}/{path}", json=body)
    if answer.is_error:
        raise unreachable(f"the local AI Studio refuses {method} {path}: {answer.text}")
    return answer.json()
