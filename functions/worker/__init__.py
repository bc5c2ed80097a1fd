"""From a trigger's event to settled messages.

Knows of endpoints only what their results look like (outcome) and what they need set (settings).

::

    function          the decorator of entry files; the first invocation builds what lives as long as the instance (wiring)
    receive           what arrives
      event           a trigger's event -> deliveries
      message         a delivery -> a valid message with its key
    settle            what becomes of it
      batch           one Item a key (collapse) -> settled -> a log line each; context holds what an invocation works with
      repeatable      calls that may repeat: what the record says (_row), whose holds count (subjects), the call,
                      and writing down how it ended (_record)
      claimed         calls that must not: the claim, the call, the result, the outcome; what the record says (_row)
      calling         may a call begin now?
      retry_policy    what its error means: again, and when, or to the dead letters; verdict asks it for an item
      effects         retry messages and dead letters, confirmed by their queues; audit: what the ledger keeps for people
    send              what leaves: copies, queue, results; what is too large for a queue goes to a bucket (claim_check)
    settlement_attribute   what travels on a message beside its body
"""

from worker.function import queue_function
from worker.outcome import Outcome, Send, Unsettled
from worker.receive.message import Message, Opaque, Time, Word
from worker.timer import Tick, Tools, timer_function

__all__ = [
    "Message",
    "Opaque",
    "Outcome",
    "Send",
    "Tick",
    "Time",
    "Tools",
    "Unsettled",
    "Word",
    "queue_function",
    "timer_function",
]
