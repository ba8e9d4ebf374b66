"""`baton-agent pair | run | listen | simulate | doctor`."""

from __future__ import annotations

import argparse
import http.client
import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing

import usb.core

from baton_agent import __version__, hidboxes
from baton_agent.calls import Calls
from baton_agent.dialling import Dialler
from baton_agent.drivers import ALL, driver_for
from baton_agent.exchanges import Exchange
from baton_agent.home import Home, folder
from baton_agent.keys import Keys
from baton_agent.server import Refused, Sender, Server
from baton_agent.signs import Sign
from baton_agent.spool import Spool
from baton_agent.transport import plugged
from baton_agent.watching import Watch
from baton_agent.webdialling import WebExchange, is_web

_EXAMPLE = '"use": {"16c0:05df": "cideasy"}'
_UNREACHABLE = (OSError, http.client.HTTPException)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("baton-agent", description="Tells Baton who calls.")
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    pairing = verbs.add_parser("pair", help="connect this workstation with a server, by a code from its settings")
    pairing.add_argument("server")
    pairing.add_argument("code")
    pairing.add_argument("--ca-file", default="", help="certificate of whoever signed the server's")
    verbs.add_parser("run", help="watch the boxes and report calls, until it is stopped")
    verbs.add_parser("listen", help="show what the boxes say, without reporting it")
    simulated = verbs.add_parser("simulate", help="report a call that nobody makes")
    simulated.add_argument("number")
    simulated.add_argument("--line", type=int, default=1)
    simulated.add_argument("--seconds", type=float, default=15.0)
    verbs.add_parser("doctor", help="what is plugged in, and whether the server answers")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        return int(_VERBS[given.verb](given))
    except Refused as error:
        known = error.status not in {401, 403} or given.verb == "pair"
        told = str(error) if known else "The server does not know this workstation any more: pair it again"
        sys.stderr.write(f"{told}\n")
        return 1
    except (ValueError, KeyError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except _UNREACHABLE as error:
        sys.stderr.write(f"The server cannot be reached: {error}\n")
        return 1


def pair(given: argparse.Namespace) -> int:
    home = Home.load()
    server = Server(given.server, ca_file=given.ca_file)
    answer = server.pair(given.code)
    server.close()
    home.server, home.token, home.name = given.server, answer["token"], answer["name"]
    home.ca_file = given.ca_file
    home.save()
    sys.stdout.write(f"Paired as {home.name}.\n")
    return 0


def _paired() -> tuple[Home, Server]:
    home = Home.load()
    if not home.token:
        raise ValueError("This workstation is not paired: baton-agent pair ADDRESS CODE")
    return home, Server(home.server, home.token, home.ca_file)


def run(given: argparse.Namespace) -> int:
    home, server = _paired()
    spool = Spool(folder() / "events.sqlite3")
    watch = Watch(spool.add, use=home.use, serial=home.serial, hid=home.hid, changed=spool.arrived.set)
    keys = Keys(spool.add)
    dialler = Dialler(lambda: Server(home.server, home.token, home.ca_file))
    exchanges = [Exchange(one, spool.add, dialler.failed) for one in home.exchanges if not is_web(one)]
    dialler.exchanges += [*exchanges, *(WebExchange(entry) for entry in home.exchanges if is_web(entry))]
    sender = Sender(
        server,
        spool,
        lambda: [*watch.devices(), *keys.devices(), *(each.device() for each in dialler.exchanges)],
    )

    def stop(*_signal: object) -> None:
        for each in (watch.stop, keys.stop, sender.stop, dialler.stop, *(exchange.stop for exchange in exchanges)):
            each.set()
        spool.arrived.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    sending = threading.Thread(target=sender.run, name="sender")
    sending.start()
    looking = threading.Thread(target=keys.run, name="keys")
    looking.start()
    for each in exchanges:
        # Left behind at the end: it may wait for a word of its exchange.
        threading.Thread(target=each.run, name=each.key, daemon=True).start()
    if dialler.exchanges:
        threading.Thread(target=dialler.run, name="dialler", daemon=True).start()
    watch.run()
    looking.join()
    sending.join()
    spool.close()
    return 0


def listen(given: argparse.Namespace) -> int:
    home = Home.load()
    watch = Watch(lambda _events: None, use=home.use, serial=home.serial, hid=home.hid, noticed=_print)
    signal.signal(signal.SIGTERM, lambda *_signal: watch.stop.set())
    signal.signal(signal.SIGINT, lambda *_signal: watch.stop.set())
    watch.run()
    return 0


def _print(device: str, sign: Sign) -> None:
    what = "withheld" if sign.withheld else sign.number
    doubt = "" if sign.verified else " (wrong checksum)"
    sys.stdout.write(f"{device} line {sign.line}: {sign.kind} {what} {sign.name}{doubt}".rstrip() + "\n")
    sys.stdout.flush()


def simulate(given: argparse.Namespace) -> int:
    _home, server = _paired()
    calls = Calls("simulated", sees_receiver=True)
    now = time.monotonic()
    with closing(server):
        for sign in (Sign("ring", given.line), Sign("number", given.line, given.number)):
            server.report(list(calls.take(sign, now)), None)
        sys.stdout.write("It rings.\n")
        time.sleep(given.seconds)
        server.report(list(calls.take(Sign("stopped", given.line), now)), None)
    return 0


def doctor(given: argparse.Namespace) -> int:
    """Exit status 1 when something is wrong."""
    home, wrong = Home.load(), 0
    sys.stdout.write(f"baton-agent {__version__}, settings in {folder()}\n")
    by_hidapi = hidboxes.is_chosen(home.hid)
    try:
        found = [device for device, _handle in (hidboxes.plugged() if by_hidapi else plugged())]
    except usb.core.NoBackendError:
        sys.stdout.write("USB: libusb is not installed\n")
        found, wrong = [], 1
    except ImportError:
        sys.stdout.write("USB: hidapi is not installed: pip install baton-agent[hid]\n")
        found, wrong = [], 1
    for device in found:
        driver = driver_for(device, home.use.get(device.usb_id, ""))
        sys.stdout.write(f"USB {device.key} {device.maker} {device.title}: {driver.name if driver else 'not a box'}\n")
    names = ", ".join(driver.name for driver in ALL)
    sys.stdout.write(f"Drivers: {names}. Where none is found, name one in agent.json: {_EXAMPLE}\n")
    return max(wrong, _doctor_server(home))


def _doctor_server(home: Home) -> int:
    if not home.token:
        sys.stdout.write("Server: not paired\n")
        return 1
    began = time.monotonic()
    try:
        Server(home.server, home.token, home.ca_file).report([], None)
    except Refused:
        sys.stdout.write(f"Server {home.server}: does not know this workstation any more, pair it again\n")
        return 1
    except _UNREACHABLE as error:
        sys.stdout.write(f"Server {home.server}: cannot be reached ({error})\n")
        return 1
    took = (time.monotonic() - began) * 1000
    sys.stdout.write(f"Server {home.server}: answers after {took:.0f} ms, as {home.name}\n")
    return 0


_VERBS = {"pair": pair, "run": run, "listen": listen, "simulate": simulate, "doctor": doctor}

if __name__ == "__main__":
    sys.exit(main())
