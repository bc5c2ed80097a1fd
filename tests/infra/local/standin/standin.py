"""A function that does what its messages say: the local environment's tests deploy it instead of a real one."""

# ruff: noqa: T201 - what it prints is what the tests look at
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

print("imported")


def handler(event: Any, context: Any) -> None:
    """Carry out each body in turn: `{"do": what, ...}`."""
    for message in event["messages"]:
        order = json.loads(message["details"]["message"]["body"])
        match order["do"]:
            case "print":
                print(order["text"])
            case "warn":
                logging.getLogger("anything").warning(order["text"])
                logging.getLogger("anything").info("never shown")
            case "context":
                told = {name: value for name, value in vars(context).items() if not name.startswith("_")}
                print(json.dumps(told | {"remaining": context.get_remaining_time_in_millis()}))
            case "surroundings":
                print(json.dumps({"environment": dict(os.environ), "path": sys.path, "cwd": str(Path.cwd())}))
            case "import":
                __import__(order["name"])
            case "raise":
                raise ValueError(order["text"])
            case "wait for file":
                print(f"waiting in {os.getpid()}", flush=True)
                wait_for(Path(order["path"]))
            case "exit":
                os._exit(3)


def wait_for(path: Path) -> None:
    """Wait until the file is there."""
    while not path.exists():
        time.sleep(0.02)
