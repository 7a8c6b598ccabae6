"""What is unusual about a price: one function each, on plain arrays; no database."""

from types import ModuleType

from prices.monitoring.detectors import change, drift, history, mode, passthrough, peers, reference, settled

MODULES: dict[str, ModuleType] = {
    each.NAME: each for each in (change, history, peers, mode, reference, settled, drift, passthrough)
}
"""Every detector by its name, in the order in which they are told to a person."""
