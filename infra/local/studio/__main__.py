"""Run a local AI Studio on 127.0.0.1 until a signal ends it; the line that it prints says where it listens."""

import argparse
import asyncio
import signal
import socket
import sys

from aiohttp import web

from infra.local.studio.app import build
from infra.local.studio.settings import DEFAULT_FOLDER, DEFAULT_KEY, DEFAULT_REALTIME_MODEL, HOST, POST_MODES, Settings
from infra.local.studio.state import Studio


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.studio", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=int, default=0, help="0: any free one")
    where.add_argument("--fd", type=int, help="a listening socket that the parent has left open, in place of a port")
    parser.add_argument("--key", action="append", help=f"an accepted API key or token; may repeat ({DEFAULT_KEY})")
    parser.add_argument("--folder", default=DEFAULT_FOLDER, help="the folder it knows (%(default)s)")
    parser.add_argument("--realtime-model", default=DEFAULT_REALTIME_MODEL, help="(%(default)s)")
    parser.add_argument("--realtime-post", choices=POST_MODES, default="404", help="how it answers the POST form")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--keepalive", type=float, default=75.0, help="seconds until it closes an idle connection")
    parser.add_argument("--background-polls", type=int, default=2, help="GETs until a background response is over")
    parser.add_argument("--seed", type=int, default=0, help="for ids and for faults with a probability")
    return parser.parse_args()


def _listener(given: argparse.Namespace) -> socket.socket:
    if given.fd is not None:
        return socket.socket(fileno=given.fd)
    try:
        return socket.create_server((HOST, given.port))
    except OSError as error:
        sys.exit(f"The local AI Studio can't listen on {HOST}:{given.port}: {error.strerror or error}")


async def _run(listener: socket.socket, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        build(Studio(settings)), access_log=None, keepalive_timeout=settings.keepalive, shutdown_timeout=0.2
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener, backlog=1024).start()
        print(f"http://{HOST}:{listener.getsockname()[1]}/v1", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Run until stopped by a signal; exits 1 where the port is taken."""
    given = _arguments()
    settings = Settings(
        keys=tuple(given.key or (DEFAULT_KEY,)),
        folder_id=given.folder,
        realtime_model=given.realtime_model,
        realtime_post=given.realtime_post,
        latency=given.latency,
        keepalive=given.keepalive,
        seed=given.seed,
        background_polls=given.background_polls,
    )
    asyncio.run(_run(_listener(given), settings))


if __name__ == "__main__":
    main()
