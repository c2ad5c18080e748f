"""Layer profiles: the cost of each layer on each backend, and the gaps between backends."""
