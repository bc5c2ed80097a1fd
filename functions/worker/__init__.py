"""From a trigger's event to settled messages.

Knows of endpoints only what their results look like (outcome) and what they need set (settings).

::

    function       the decorator of entry files; its first invocation builds what lives as long as the instance (wiring)
    batch          event -> deliveries (event) -> messages (message) -> one Item a key (merging) -> a log line each
      repeatable   calls that may repeat: what the row says (_row), whose holds count (subjects), the call,
                   and writing down what came of it (_record)
      claimed      calls that must not: the claim, the call, the result, the outcome; what the row says (_row)
    calling        may a call begin now?
    judge          what its error means: again, and when, or parked; verdict asks it for an item
    outbox         copies and dead letters (copies), confirmed by their queues (queue)
    results        what a call produced, to the results queue; what is too large for it, to a bucket (shelf)
"""

from worker.function import queue_function
from worker.message import Message, Time
from worker.outcome import Outcome, Unsettled

__all__ = ["Message", "Outcome", "Time", "Unsettled", "queue_function"]
