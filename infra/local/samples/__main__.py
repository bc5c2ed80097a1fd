"""`make sample`: prints a sample's trigger event with the times of now, to paste into the cloud's test console.

HASH_KEY in the environment is the function's: with it the numbers of a retry message are signed.
"""

import argparse
import json
import os
import sys
import time

from infra.local.samples.case import EVENTS, load


def main() -> int:
    """Print one sample, without what the file says of it."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.samples", description=__doc__)
    parser.add_argument("name", help="<function>/<case>, as the files of events/ are called")
    name: str = parser.parse_args().name
    path = EVENTS / f"{name}.json"
    if not path.is_file():
        sys.exit(f"There is no {path}: make sample NAME=<function>/<case>, for example NAME=delete_response/plain")
    event = load(path).redated(time.time(), os.environ.get("HASH_KEY", "")).event
    print(json.dumps({"messages": event["messages"]}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
