"""Security keys in emulated ports: an agent's own process notices when one is pulled out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from platform_core.testing.waiting import wait_until
from tests.usbfake import descriptors, programs
from tests.usbfake.box import Box

pytestmark = pytest.mark.skipif(not programs.has_umockdev(), reason=programs.MISSING)


class House(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    reports: ClassVar[list[dict]] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reports.append(body)
        taken = [one["id"] for one in (*body["events"], *body.get("pulled", ()))]
        answer = json.dumps({"taken": taken}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        pass


def pulled() -> list[str]:
    return [one["key"] for report in House.reports for one in report.get("pulled", ())]


def test_a_key_is_seen_and_missed_once_and_a_telephone_box_is_no_key(tmp_path):
    House.reports.clear()
    key = Box(tmp_path / "usb", descriptors.security_key())
    home = tmp_path / "home"
    home.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), House) as httpd, key:
        threading.Thread(target=httpd.serve_forever).start()
        settings = {"server": f"http://127.0.0.1:{httpd.server_port}", "token": "secret"}
        (home / "agent.json").write_text(json.dumps(settings))
        log = (tmp_path / "log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "baton_agent", "run"],
            env={**os.environ, **key.environment, "BATON_AGENT_DIR": str(home)}, stderr=log,
        )  # fmt: skip
        try:
            for times in (1, 2):
                if times == 2:
                    key.plug()
                wait_until(lambda times=times: (tmp_path / "log").read_text().count("(fido): up") == times)
                key.pull()
                wait_until(lambda times=times: len(pulled()) == times)
        finally:
            process.terminate()
            assert process.wait(20) == 0
            httpd.shutdown()
            log.close()
    assert pulled() == ["1050:0402/77"] * 2
    assert all(report["events"] == [] for report in House.reports)
