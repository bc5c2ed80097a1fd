"""Connections that are cut on purpose."""

import socket
import struct

from aiohttp import web


def cut(request: web.Request, *, reset: bool = False, flush: bool = False) -> web.Response:
    """Cut the TCP connection, by FIN or by RST; what is returned goes nowhere.

    With `flush` all that was written before still leaves.
    """
    if (transport := request.transport) is not None:
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if flush:
            transport.close()
        else:
            transport.abort()
    return web.Response(status=502)
