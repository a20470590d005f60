"""Which of a failing seed's faults does it take? Dropped one after the other, as long as it goes on failing."""

from dataclasses import replace

from tests.simulation.plan import Plan
from tests.simulation.simulate import Outcome, simulate

MOST = 40  # runs
TOLD = 6  # violations


def shortened(outcome: Outcome) -> Outcome:
    """The same seed with fewer faults, shoppers and programs, still failing."""
    best = outcome
    runs = 0
    tried: set[str] = set()
    while runs < MOST:
        simpler = next((each for each in _simpler(best.plan) if str(each) not in tried), None)
        if simpler is None:
            break
        tried.add(str(simpler))
        runs += 1
        again = simulate(simpler)
        if again.wrong:
            best = again
    return best


def _simpler(plan: Plan) -> list[Plan]:
    fewer = [plan.without(fault) for fault in plan.faults]
    fewer += [replace(plan, shoppers=plan.shoppers // 2)] if plan.shoppers > 1 else []
    fewer += [replace(plan, orders=1)] if plan.orders > 1 else []
    fewer += [replace(plan, sockets=0)] if plan.sockets else []
    fewer += [replace(plan, readers=0)] if plan.readers else []
    fewer += [replace(plan, lasts=plan.lasts / 2)] if plan.lasts > 5 else []
    return fewer


def told(outcome: Outcome) -> str:
    """For people: the seed, what is left of its faults, and what was wrong."""
    short = shortened(outcome)
    plan = short.plan
    size = f"{plan.shoppers} shoppers, {plan.orders} orders each, {plan.lasts:g} s"
    lines = [f"seed {plan.seed}: {', '.join(plan.faults) or 'no faults'}; {size}"]
    lines += [f"    {wrong}" for wrong in short.wrong[:TOLD]]
    return "\n".join(lines)
