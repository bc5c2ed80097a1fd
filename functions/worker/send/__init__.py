"""What goes to queues: retry messages, dead letters and results; results too large for a queue go to a bucket (large_results)."""
