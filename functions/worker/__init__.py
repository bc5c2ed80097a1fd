"""From a trigger's event to settled messages; it knows no endpoints.

queue_handler, timer_handler   the decorators of entry files; the first event builds what lives on (wiring)
receive           what arrives: a trigger's event -> deliveries -> valid messages with their keys
settle            what becomes of it
  batch           one Item a delivery -> settled -> a log line each; context: what an invocation works with
  decide          what a record means for a delivery: one table
  claim_first     calls that must not repeat: claim, call; claimed: their results, and then their outcomes
  read_first      calls that may: 100 records read, deliveries of a key made one (collapse), holds, the calls; before
                  all that, dates far ahead are put on the agenda (dated)
  calling         may a call begin now? breakers: what stops the calls of a batch, or of a deployment
  retry_policy    what an error means: sent again, and when, or dead-lettered; verdicts asks it for an item
  answered_by_record  what records answer; endings: dead letters; retries: retry messages; finishing: outcomes
                  (unfinished: those that are no ends); publishing: their results; effects: what all of these share
  kept_of_call    what records and receipts keep of a call; log_line: what the log says of each delivery
send              what leaves: retry messages, dead letters, results, messages to other functions (elsewhere)
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
