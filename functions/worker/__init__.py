"""From a trigger's event to settled messages; it knows no endpoints.

queue_handler, timer_handler   the decorators of entry files; the first event builds what lives on (wiring)
receive   what arrives: a trigger's event -> deliveries -> valid messages with their keys
settle    what becomes of it
    batch        one Item a delivery -> settled -> a log line each; context: what an invocation works with
    decide       what a record means for a delivery: one table; answered_by_record: what it answers
    claim_first  calls that must not repeat: claim, call, then results and outcomes (finishing_claimed)
    read_first   calls that may: 100 records read, a key's deliveries made one (collapse), hold_check, then the calls;
                 before all that, dates far ahead are put on the agenda (dated)
    calling      may a call begin now? breakers: what stops the calls of a batch, or of a deployment; concurrency
    retry_policy what an error means: sent again, and when, or dead-lettered; verdicts asks it for an item
    retries: retry messages; dead_lettering: dead letters; finishing: outcomes (unfinished: those that are no ends);
    cascading: what continues a deleted response; publishing: results; effects: what all of these share
    receipt_fields what records and receipts keep of a call (usage: its tokens); log_line: a delivery's line
send      what leaves: retry messages, dead letters, results, messages to other functions (elsewhere)
message_attributes   what travels on a message beside its body
"""

from ledger import Key
from worker.desk import Desk
from worker.outcome import Later, Outcome, Send, Unsettled
from worker.queue_handler import queue_function
from worker.receive.envelope import Invalid
from worker.receive.message import Message, OnUnknown, Opaque, Time, Word
from worker.send.results import Result
from worker.settle.function import Registry, ledger_only
from worker.timer_handler import Tick, Tools, timer_function

__all__ = [
    "Desk",
    "Invalid",
    "Key",
    "Later",
    "Message",
    "OnUnknown",
    "Opaque",
    "Outcome",
    "Registry",
    "Result",
    "Send",
    "Tick",
    "Time",
    "Tools",
    "Unsettled",
    "Word",
    "ledger_only",
    "queue_function",
    "timer_function",
]
