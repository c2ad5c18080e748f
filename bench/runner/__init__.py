"""From cells to records: the plan, the order, the one way to start a child, progress."""
