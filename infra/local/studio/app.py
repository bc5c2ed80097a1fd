"""The web application of the local AI Studio: which path is which endpoint."""

from aiohttp import web

from infra.local.studio import responses
from infra.local.studio.answers import Answer, no_such_path
from infra.local.studio.control import routes
from infra.local.studio.realtime_post import create as create_by_post
from infra.local.studio.realtime_session import connect
from infra.local.studio.responses import Inquiry
from infra.local.studio.serve import STUDIO, handler
from infra.local.studio.state import Studio

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
            web.post("/v1/responses", handler(responses.create)),
            web.get("/v1/responses/{id}", handler(responses.get), allow_head=False),
            web.delete("/v1/responses/{id}", handler(responses.delete)),
            web.get("/v1/responses/{id}/input_items", handler(responses.input_items), allow_head=False),
            web.post("/v1/realtime/client-events/response.create", handler(create_by_post)),
            web.get("/v1/realtime", connect, allow_head=False),
            web.route("*", "/{path:.*}", handler(_nothing_here)),
        ]
    )
    return app
