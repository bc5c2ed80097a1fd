"""What goes to queues: retry messages and dead letters (copies), results, and the bucket for large ones."""
