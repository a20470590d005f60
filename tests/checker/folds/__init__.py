"""The eleven views as folds of the events' own JSON. Written from the contract, not from the projectors."""
