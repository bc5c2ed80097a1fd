"""`ops register`: puts stored responses on the registry, or dates those of a policy anew."""

import time
from itertools import islice
from typing import Annotated

import typer

from infra.deploy import table
from infra.operate.ops.common import AsJson, By, reach_of, seconds
from infra.operate.ops.due import agenda
from infra.operate.ops.ending import DONE, WANTING, misused, unreachable, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.follow import Follower, Sent, ended
from infra.operate.ops.messages import Outgoing
from infra.operate.ops.ordering import checked, give, note, queue_there
from infra.operate.ops.say import Voice
from infra.operate.ops.story import headline, timeline
from ledger import Record, RecordKey
from ledger.agenda import DELETE
from retention.policies import NoDate, policies_of
from worker.clock import SystemClock
from worker.send.queue import AT_ONCE, Queue

FUNCTION = "register_response"
EVER = "9999-12-31T23:59:59.999Z"
"""Behind every date of the agenda."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ops register resp_1 --subject alice --policy session; ops register --again session")(
        register
    )


def register(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[ID]", help="The response's id; none with --again.")] = "",
    subject: Annotated[str, typer.Option(help="The id of the person that it concerns.")] = "",
    policy: Annotated[str, typer.Option(help="How long it is kept, by a name in infra/retention.yaml.")] = "",
    delete_after: Annotated[str, typer.Option(help="Or until when it is kept, such as 2027-01-31T00:00:00Z.")] = "",
    created_at: Annotated[str, typer.Option(help="When it was created; without, now.")] = "",
    previous: Annotated[str, typer.Option(help="The id of the response that it continues.")] = "",
    conversation: Annotated[str, typer.Option(help="The id of the conversation that it belongs to.")] = "",
    again: Annotated[str, typer.Option(help="Give new dates to all responses that have this policy.")] = "",
    by: By = "",
    wait: Annotated[bool, typer.Option("--wait", help="With --again: wait, as for a single response.")] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait until it is registered.")] = "2m",
    yes: Annotated[bool, typer.Option("--yes", help="With --again: do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Register a response with its person and its date; what comes due is deleted by itself."""
    voice, patience = Voice(as_json=as_json), seconds(timeout)
    if bool(name) == bool(again):
        raise misused("name a response, or a policy with --again")
    reach = reach_of(context)
    queue_there(reach, FUNCTION)
    if again:
        return _again(
            reach, again, by or reach.who, voice, Follower(reach, voice, patience) if wait else None, sure=yes
        )
    _known(reach, policy)
    message = {
        "response_id": name,
        "subject": subject,
        "policy": policy,
        "delete_after": delete_after,
        "created_at": created_at,
        "previous_response_id": previous,
        "conversation": conversation,
    }
    if policy and delete_after:
        raise misused("name a policy or a date, not both")
    order, key = checked(reach, FUNCTION, message), reach.keys.key("response", name)
    return _one(reach, order, name, key, by or reach.who, Follower(reach, voice, patience), voice)


def _one(reach: Reach, order: Outgoing, name: str, key: RecordKey, by: str, follower: Follower, voice: Voice) -> int:
    note(reach, key, {"order": "register", "by": by}, time.time())
    give(reach, FUNCTION, order)
    sent = _sent(order)
    over = ended(sent, follower.follow([sent])[sent.record_key])
    record = reach.ledger.get(key)
    told = timeline(record, time.time())
    voice.data({"id": name, "record_key": key, "ended": over, "delete_after": record.delete_after, "timeline": told})
    voice.line(f"{name}: {headline(record) if over else 'sent, and not registered yet'}", style="bold")
    voice.line(f"  record {key}")
    for line in told:
        voice.line(f"  {line}")
    return DONE if over else WANTING


def _sent(order: Outgoing) -> Sent:
    """A registration under way."""
    if order.key is None or order.record_key is None:
        raise ValueError("what is sent in an envelope has a key")
    return Sent("", order.key, order.record_key, Record(order.record_key))


def _known(reach: Reach, policy: str) -> None:
    """Refuse a policy that there is none of. Raises Ended."""
    text = reach.settings.retention_policies or table.policies()
    try:
        policies_of(text).named(policy or None)
    except NoDate as error:
        raise wanting(f"{error} ({reach.name})") from None
    except ValueError as error:
        raise misused(f"{reach.name}: RETENTION_POLICIES {str(error).strip()}") from None


def _again(reach: Reach, policy: str, by: str, voice: Voice, follower: Follower | None, *, sure: bool) -> int:
    """Send a registration anew for each response that waits under a policy: its date is then what the policy says now.

    With a follower, wait until all are registered.
    """
    _known(reach, policy)
    with voice.progress("looking", None) as bar:
        found = []
        for looked, record in enumerate(agenda(reach, EVER), 1):
            bar(looked)
            if record.due_for == DELETE and record.rest.get("policy") == policy:
                found.append(record)
    if not found or not (sure or voice.ask(f"Give {len(found)} responses of {policy} new dates?")):
        voice.data({"policy": policy, "found": len(found), "sent": 0})
        voice.line(
            f"{len(found)} responses have the policy {policy}: nothing was sent. Answer y, or give --yes."
            if found
            else f"No response that waits has the policy {policy}."
        )
        return WANTING if found else DONE
    orders = [
        checked(reach, FUNCTION, {"response_id": each.response_id, "policy": policy, "created_at": each.created_at})
        for each in found
    ]
    of = RecordKey(f"policy#{policy}")
    note(reach, of, {"order": "register", "by": by, "count": len(orders)}, time.time())
    sent, queue, left = 0, Queue(reach.sqs, SystemClock()), iter([order.message for order in orders])
    with voice.progress("sent", len(orders)) as bar:
        while part := list(islice(left, AT_ONCE)):
            sent += sum(queue.send(reach.queue(FUNCTION), part))
            bar(sent)
    registered = _registered(orders, follower) if follower and sent == len(orders) else None
    voice.data({"policy": policy, "found": len(found), "sent": sent, "registered": registered})
    voice.line(
        f"{sent} of {len(found)} registrations are in the queue of {FUNCTION}; see the dates: {reach.hint('due')}"
    )
    if sent < len(orders):
        raise unreachable("the queue did not take all: run the same command again")
    if registered is None:
        return DONE
    voice.line(f"{registered} of them are registered with their new dates")
    return DONE if registered == sent else WANTING


def _registered(orders: list[Outgoing], follower: Follower) -> int:
    """How many are registered when all are, or the patience is over."""
    sent = [_sent(order) for order in orders]
    records = follower.follow(sent)
    return sum(ended(each, records[each.record_key]) for each in sent)
