"""A stand-in for a timer function: at each tick it notes the tick, and asks another function for a deletion."""

from collections.abc import Mapping

from documents import Written
from ledger import Write
from worker import Send, Tick, Tools, timer_function


@timer_function(sends_to=["delete_response"])
def handler(tick: Tick, tools: Tools) -> Mapping[str, int]:
    """Keep the payload under the tick's time, and send one message."""
    key = tools.keys.key("tick", str(tick.at))
    noted = tools.store.write(Write(key, sets={"payload": tick.payload}))
    sent = tools.elsewhere.send([Send("delete_response", f"tick-{tick.at:.0f}", {"response_id": tick.payload})])
    return {"noted": int(noted is Written.YES), "sent": sum(sent)}
