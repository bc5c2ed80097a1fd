"""What tests share: a clock to turn, servers to run against, faults on the wire, and a bench that joins them."""
