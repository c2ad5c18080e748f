"""The cost of the harness: per epoch, per launch, and on the machine while a worker trains."""
