"""A candidate over many gates against one anchor: when did it change? Advice, never a verdict."""
