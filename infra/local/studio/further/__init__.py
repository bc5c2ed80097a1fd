"""Endpoints of further functions, one a module: its `METHOD`, its `PATH`, and the `answer` to a request."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from aiohttp import web

from infra.local.studio.wire.serve import handler


def routes() -> Iterator[web.RouteDef]:
    """The routes of all modules of this package."""
    for found in pkgutil.iter_modules(__path__, f"{__name__}."):
        module = import_module(found.name)
        yield web.route(module.METHOD, module.PATH, handler(module.answer))
