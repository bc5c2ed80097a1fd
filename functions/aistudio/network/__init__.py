"""The wire: one deadline for each call, the sockets under it, and httpx's transport over them."""
