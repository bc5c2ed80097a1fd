"""From a request to the bytes of its answer: credentials, the log, error shapes, connections that break."""
