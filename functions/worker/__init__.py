"""From a trigger's event to settled messages; knows no endpoint."""

from worker.function import queue_function
from worker.message import Message, Time
from worker.outcome import Outcome, Unsettled

__all__ = ["Message", "Outcome", "Time", "Unsettled", "queue_function"]
