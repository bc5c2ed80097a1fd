"""What goes to queues: retry messages, dead letters and results. Results too large for one go to a bucket."""
