"""Package, apply and check the functions in one environment."""
