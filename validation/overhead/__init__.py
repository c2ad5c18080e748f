"""What the harness itself costs: an epoch, a launch, and the machine while a worker trains."""
