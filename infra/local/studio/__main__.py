"""Start a local AI Studio on 127.0.0.1; the first line on stdout is a JSON object that says where and with what."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading

from aiohttp import web

from infra.local.studio.app import build
from infra.local.studio.settings import DEFAULT_FOLDER, DEFAULT_KEY, DEFAULT_REALTIME_MODEL, POST_MODES, Settings
from infra.local.studio.state import Studio

HOST = "127.0.0.1"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.studio", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--key", action="append", help=f"an accepted API key or token; may repeat ({DEFAULT_KEY})")
    parser.add_argument("--folder", default=DEFAULT_FOLDER, help="the folder it knows (%(default)s)")
    parser.add_argument("--realtime-model", default=DEFAULT_REALTIME_MODEL, help="(%(default)s)")
    parser.add_argument("--realtime-post", choices=POST_MODES, default="404", help="how it answers the POST form")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--keepalive", type=float, default=75.0, help="seconds until it closes an idle connection")
    parser.add_argument("--seed", type=int, default=0, help="for ids and for faults with a probability")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop at the end of stdin: with the parent")
    return parser.parse_args()


def _announcement(port: int, settings: Settings) -> str:
    return json.dumps(
        {
            "base_url": f"http://{HOST}:{port}/v1",
            "realtime_url": f"ws://{HOST}:{port}/v1/realtime",
            "control_url": f"http://{HOST}:{port}/_local",
            "folder_id": settings.folder_id,
            "api_key": settings.keys[0],
            "realtime_model": settings.realtime_model,
        }
    )


def _stop_at_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


async def _run(port: int, settings: Settings, *, exit_with_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        build(Studio(settings)), access_log=None, keepalive_timeout=settings.keepalive, shutdown_timeout=0.2
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port, backlog=1024)
        await site.start()
        print(_announcement(runner.addresses[0][1], settings), flush=True)
        if exit_with_stdin:
            threading.Thread(target=_stop_at_end_of_stdin, args=(loop, stop), daemon=True).start()
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Run until stopped by a signal, or by the end of stdin where asked; exits 1 where the port is taken."""
    given = _arguments()
    settings = Settings(
        keys=tuple(given.key or (DEFAULT_KEY,)),
        folder_id=given.folder,
        realtime_model=given.realtime_model,
        realtime_post=given.realtime_post,
        latency=given.latency,
        keepalive=given.keepalive,
        seed=given.seed,
    )
    try:
        asyncio.run(_run(given.port, settings, exit_with_stdin=given.exit_with_stdin))
    except OSError as error:
        sys.exit(f"The local AI Studio can't listen on {HOST}:{given.port}: {error.strerror or error}")


if __name__ == "__main__":
    main()
