"""Which days count for a decision? Those of the market that its command or its aggregates name."""

from datetime import tzinfo

from write_model.handling.route import States
from write_model.kernel.message import Command
from write_model.pricing.markets import DEFAULT_MARKET, MARKETS


def zone_of(command: Command, states: States) -> tzinfo:
    """The zone of the first market that is named, else of the default one."""
    for named in (command, *states.values()):
        market = MARKETS.get(getattr(named, "market", ""))
        if market is not None:
            return market.days
    return MARKETS[DEFAULT_MARKET].days
