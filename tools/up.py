"""`telocompro up`: everything on one machine, started in order, watched, and ended in the reverse order.

Whatever ends this runner, nothing that it started outlives it: see infra.embedded.lifeline and keeper.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.embedded import data_lock, run_json, secret_file, servers
from infra.embedded.kept import Server, ServerFailed, log_file, tail, wait_until_unlocked
from infra.embedded.lifeline import Lifeline
from infra.embedded.ports import HOST, is_free
from infra.settings import Ports, Stripe, data_folder, read_alone, store_urls
from processes.collect_payment.event_types import MEANT
from tools.ancestor import starting_make
from tools.programs import MAINS, Program, Programs
from tools.running import described
from tools.screen import Screen

_TICK = 0.1  # seconds
_END = 12.0  # seconds
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run starts."""

    data: Path
    ports: Ports
    standins: Sequence[Program]
    mains: Sequence[Program]
    before: Sequence[Program]  # run to their end once the stores answer
    after: Sequence[Program]  # run to their end once all mains are ready
    stay: bool = True


def command(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo catalogue and make one purchase.")] = False,
    leave: Annotated[bool, typer.Option("--exit", help="End after the demo, with its exit code.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="When ready, one JSON object with the URLs.")] = False,
) -> None:
    """Start the stores, the stand-ins and every process of the platform; stay up until Ctrl-C."""
    screen = Screen(quiet=as_json)
    code = run(the_plan(demo=demo, stay=not leave), screen, as_json=as_json)
    raise typer.Exit(code)


def the_plan(demo: bool = False, stay: bool = True) -> Plan:
    """The whole platform, as the environment wants it. Raises SettingsMissing, SettingsInvalid."""
    data, ports = data_folder(), read_alone(Ports)
    cli = "tools.cli"
    wanted = [Program("seed", cli, ("seed",)), Program("demo", cli, ("demo",))] if demo else []
    return Plan(
        data, ports, standins(data, ports), MAINS, [Program("migrate", cli, ("migrate", "--json"))], wanted, stay
    )


def standins(data: Path, ports: Ports) -> Sequence[Program]:
    """Local servers for what lives on other people's computers, unless the environment names the real ones."""
    secrets = secret_file.read_or_make(data)
    found = []
    stripe = read_alone(Stripe)
    if not stripe.api_key.get_secret_value() and stripe.base_url is None:
        secret = stripe.webhook_secret.get_secret_value() or secrets["stripe_webhook_secret"]
        target = f"http://{HOST}:{ports.rest}/api/v1/rest/webhooks/stripe"
        found.append(
            Program(
                "stripe",
                "tools.standins.stripe.main",
                (
                    *("--port", str(ports.stripe), "--data", str(data / "stripe.sqlite"), "--webhook-url", target),
                    *(part for kind in sorted(MEANT) for part in ("--webhook-type", kind)),
                ),
                {"STRIPE_WEBHOOK_SECRET": secret},
            )
        )
    if "TELOCOMPRO_MAIL_URL" not in os.environ:
        where = ("--smtp-port", str(ports.mail), "--http-port", str(ports.mail_pages))
        found.append(Program("mail", "tools.standins.mail.main", (*where, "--data", str(data / "mail.sqlite"))))
    return found


def run(plan: Plan, screen: Screen, as_json: bool = False) -> int:
    """Start all, stay until asked to end (SIGINT, SIGTERM, SIGHUP, or the end of `make`), end all. The exit code.

    Raises DataInUse, NothingFits, ServerFailed.
    """
    for number in _ENDS:
        signal.signal(number, signal.default_int_handler)
    make = starting_make()
    try:
        with ExitStack() as stack:
            try:
                started = _Run(plan, screen, stack, quiet=as_json)
                started.start()
                code = started.follow()
                while plan.stay and (make is None or make.alive):
                    started.tend()
                    time.sleep(_TICK)
                return code
            finally:
                _take_time_to_end()
    except KeyboardInterrupt:
        screen.say("stopped")
        return 0


class _Run:
    """One run: what is started goes on the stack, so that it ends in the reverse order."""

    def __init__(self, plan: Plan, screen: Screen, stack: ExitStack, quiet: bool) -> None:
        self._plan, self._screen, self._stack, self._quiet = plan, screen, stack, quiet
        stack.enter_context(data_lock.hold(plan.data))
        run_json.remove(plan.data)  # an earlier run's, which was killed
        os.umask(0o077)  # what our programs write from now on is for our eyes only
        stack.callback(wait_until_unlocked, plan.data, _END)  # the last: nothing of ours is still ending
        self._ports = _port_map(plan)
        _check_free(self._ports)
        secret_file.read_or_make(plan.data)
        self._lifeline = stack.enter_context(Lifeline())
        stack.callback(run_json.remove, plan.data)
        environment = {"TELOCOMPRO_DATA": str(plan.data), "TELOCOMPRO_PORT_BASE": str(plan.ports.base)}
        self._programs = Programs(plan.data, self._lifeline, environment)
        self._stores: servers.Running | None = None
        self._begun = time.monotonic()

    def start(self) -> None:
        """Stores and stand-ins side by side, then the schemas, then the mains."""
        self._screen.say(f"TeLoCompro, data in {self._plan.data}")
        self._write(starting=True)
        self._stack.callback(self._programs.stop)
        self._programs.start(self._plan.standins)
        with self._screen.step("stores: PostgreSQL, MongoDB, Redis"):
            self._stores = servers.start(self._plan.data, self._lifeline, store_urls(), self._tell)
            self._stack.callback(self._stop_stores)
            self._stack.callback(self._programs.stop)  # before the stores
            self._write(starting=True)
        for program in self._plan.before:
            self._to_its_end(program)
        self._programs.start(self._plan.mains)
        for program in (*self._plan.standins, *self._plan.mains):
            with self._screen.step(program.name):
                self._programs.wait_ready([program])
        self._write(starting=False)

    def follow(self) -> int:
        """Say that all is ready, and do what comes after. The exit code of the last of it."""
        seconds = round(time.monotonic() - self._begun, 1)
        self._screen.say(f"ready in {seconds} s\n")
        code = 0
        for program in self._plan.after:
            code = self._programs.run(program, sys.stderr if self._quiet else None)
            if code != 0:
                self._screen.say(f"{program.name} failed with code {code}")
                break
        if self._quiet:
            print(json.dumps({"ready": True, "seconds": seconds, "urls": _doors(self._plan)}), flush=True)
        for title, url in _doors(self._plan).items():
            self._screen.say(f"  {title:<14}{url}")
        if self._plan.stay:
            self._screen.say("Ctrl-C stops everything; the next start goes on with the data.\n")
        return code

    def tend(self) -> None:
        """Start again what has died, and say so."""
        said = list(self._programs.restart_dead())
        assert self._stores is not None
        for server in self._stores.dead:
            said.append(f"{server.name} ended by itself; starting it again")
            self._stores.revive(server, self._plan.data, self._lifeline)
        for text in said:
            self._screen.say(text)
        if said:
            self._write(starting=False)

    def _to_its_end(self, program: Program) -> None:
        log = log_file(self._plan.data, program.name)
        with self._screen.step(program.name), log.open("w") as out:
            code = self._programs.run(program, out)
            if code != 0:
                raise ServerFailed(f"{program.name} failed with code {code}\n{tail(log)}")

    def _stop_stores(self) -> None:
        if self._stores is not None:
            self._stores.stop()

    def _tell(self, server: Server) -> None:
        self._screen.say(f"    {server.name} {server.version}, pid {server.pid}, data in {server.folder}")

    def _write(self, starting: bool) -> None:
        stores = self._stores or servers.Running({}, [])
        found = described(self._plan.data, stores)
        urls = {**found.urls, **(_urls(self._plan) if found.urls else {})}
        complete = replace(found, urls=urls, ports=self._ports)
        run_json.write(complete.with_pids(self._programs.pids), starting)


def _port_map(plan: Plan) -> Mapping[str, int]:
    ports = plan.ports
    named: dict[str, int] = {"rest": ports.rest, "graphql": ports.graphql, "ws": ports.ws}
    names = {program.name for program in plan.standins}
    if "stripe" in names:
        named["stripe"] = ports.stripe
    if "mail" in names:
        named |= {"mail": ports.mail, "mail_pages": ports.mail_pages}
    return {"base": ports.base, **named}


def _check_free(ports: Mapping[str, int]) -> None:
    for name, port in ports.items():
        if name != "base" and not is_free(port):
            raise ServerFailed(
                f"port {port} ({name}) is taken: stop what listens there, or set TELOCOMPRO_PORT_BASE to another base"
            )


def _urls(plan: Plan) -> Mapping[str, str]:
    """What goes into run.json beside the stores: the doors as programs call them."""
    ports = plan.ports
    urls = {
        "rest": f"http://{HOST}:{ports.rest}",
        "graphql": f"http://{HOST}:{ports.graphql}",
        "ws": f"ws://{HOST}:{ports.ws}",
    }
    names = {program.name for program in plan.standins}
    if "stripe" in names:
        urls["stripe"] = f"http://{HOST}:{ports.stripe}"
    if "mail" in names:
        urls |= {"mail": f"smtp://{HOST}:{ports.mail}", "mail_pages": f"http://{HOST}:{ports.mail_pages}"}
    return urls


def _doors(plan: Plan) -> dict[str, Any]:
    """What a person opens."""
    urls = _urls(plan)
    doors = {
        "Swagger UI": f"{urls['rest']}/api/v1/rest/docs",
        "GraphiQL": f"{urls['graphql']}/graphql",
        "WebSocket": urls["ws"],
        "Health": f"{urls['rest']}/api/v1/rest/health/ready",
    }
    return doors | ({"Mail": urls["mail_pages"]} if "mail_pages" in urls else {})


def _take_time_to_end() -> None:
    """A second Ctrl-C changes nothing: the end is bounded anyway."""
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)
