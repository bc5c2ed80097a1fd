"""Stand-ins for the cloud: queues, tables and object storage; triggers; the runtime that calls a handler."""
