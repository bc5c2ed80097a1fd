"""The local AI Studio: one process on loopback that speaks the wire format of the REST and the Realtime API.

It keeps stored responses in memory, answers deterministically, logs every request that it saw without its content, and
fails on request. `responses` and `realtime` are the two APIs, `faults` all that can go wrong, `wire` what both share.
"""
