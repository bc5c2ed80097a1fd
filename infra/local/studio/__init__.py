"""The local AI Studio: one process on loopback that speaks the wire format of the REST and the Realtime API.

It keeps stored responses in memory, answers deterministically, logs every request that it saw, and fails on request.
"""
