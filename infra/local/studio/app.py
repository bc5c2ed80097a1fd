"""The web application of the local AI Studio: which path is which endpoint."""

from aiohttp import web

from infra.local.studio import further
from infra.local.studio.control import routes
from infra.local.studio.realtime.connect import connect
from infra.local.studio.realtime.post import post
from infra.local.studio.responses.create import create as create_response
from infra.local.studio.responses.input_items import list_input_items
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.responses.stored import cancel, delete, get
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, no_such_path
from infra.local.studio.wire.serve import STUDIO, handler

BODY_LIMIT = 64 * 2**20  # room for faults whose body is larger than clients may read


def _nothing_here(_studio: Studio, _inquiry: Inquiry) -> Answer:
    return no_such_path()


def build(studio: Studio) -> web.Application:
    """The application over this state."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app[STUDIO] = studio
    app.add_routes(routes())
    app.add_routes(
        [
            web.post("/v1/responses", handler(create_response)),
            web.get("/v1/responses/{id}", handler(get), allow_head=False),
            web.delete("/v1/responses/{id}", handler(delete)),
            web.post("/v1/responses/{id}/cancel", handler(cancel)),
            web.get("/v1/responses/{id}/input_items", handler(list_input_items), allow_head=False),
            web.post("/v1/realtime/client-events/{type}", handler(post)),
            web.get("/v1/realtime", connect, allow_head=False),
            *further.routes(),
            web.route("*", "/{path:.*}", handler(_nothing_here)),
        ]
    )
    return app
