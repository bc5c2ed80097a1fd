"""The wire: one deadline a call, the sockets under it, and httpx's transport over them."""
