#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""All pages come back at once, and ask for what they missed: nobody is lost, memory stays bounded, others are served.

ANNOT_TEST_STORM says how many pages (4,000); as many as the limit on descriptors permits.
"""

import os
import resource
import selectors
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import Daemon, Tap, example, find_program, wait_for  # noqa: E402
from websocket_client import WebSocket  # noqa: E402

tap = Tap()
PAGES = int(os.environ.get("ANNOT_TEST_STORM", "4000"))
EVENTS = 100
# A socket's kernel memory is not the daemon's; what it keeps itself for a page, and for what the page missed.
BYTES_A_PAGE = 24 * 1024


def text_frame(text):
    """A masked one; the mask is zero."""
    data = text.encode()
    return bytes([0x81, 0x80 | len(data)]) + b"\0\0\0\0" + data


class Page:
    """One that connects, says resume, and reads until it knows of the last event."""

    def __init__(self, number, port, greeting):
        self.greeting = greeting
        self.data = b""
        self.status = None
        self.line = socket.socket()
        self.line.setblocking(False)
        self.line.bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
        self.line.connect_ex(("127.0.0.1", port))

    def turn(self, events, last):
        """False: it has what it came for, or was refused."""
        if events & selectors.EVENT_WRITE:
            self.line.sendall(self.greeting)
            return True
        try:
            piece = self.line.recv(65536)
        except OSError:
            piece = b""
        self.data += piece
        if self.status is None and b"\r\n" in self.data:
            self.status = int(self.data[9:12])
        if last in self.data:
            self.data = b""
            return False
        if self.status is not None:
            self.data = self.data[-20:]
        return bool(piece)

    def close(self, reset):
        if reset:
            self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()


def storm(daemon, count, greeting, last):
    pages = []
    left = 0
    with selectors.DefaultSelector() as selector:
        for number in range(count):
            page = Page(number, daemon.port, greeting)
            pages.append(page)
            selector.register(page.line, selectors.EVENT_WRITE, page)
        left = count
        until = time.monotonic() + 60
        while left > 0 and time.monotonic() < until:
            for key, events in selector.select(1):
                if not key.data.turn(events, last):
                    selector.unregister(key.fileobj)
                    left -= 1
                elif events & selectors.EVENT_WRITE:
                    selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
    return pages, left


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def is_sanitized(daemon):
    with open(f"/proc/{daemon.process.pid}/maps", encoding="ascii") as file:
        return "libasan" in file.read()


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_storm(daemon, client, count):
    with WebSocket(daemon.port, token=client.token) as page:
        hello = page.receive_type("hello")
    made = client.post("/api/v1/examples", [example(f"missed-{i:03}") for i in range(EVENTS)])
    tap.equal(made.status, 201, "examples come while the pages are away")
    last = f"missed-{EVENTS - 1:03}".encode()
    greeting = ("GET /ws/v1/examples HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                f"Authorization: Bearer {client.token}\r\n\r\n").encode()
    greeting += text_frame('{"type":"resume","epoch":"%s","seq":%d}' % (hello["epoch"], hello["seq"]))
    idle = descriptors(daemon)
    before = resident(daemon)
    took = []
    over = threading.Event()

    def probe():
        other = daemon.client(client.token)
        while not over.is_set():
            started = time.monotonic()
            status = other.get("/api/v1/me").status
            took.append((time.monotonic() - started, status))
            time.sleep(0.02)

    prober = threading.Thread(target=probe)
    prober.start()
    peaks = []
    for number in range(2):
        started = time.monotonic()
        pages, left = storm(daemon, count, greeting, last)
        peaks.append(resident(daemon))
        statuses = {page.status for page in pages}
        tap.ok(left == 0 and statuses == {101}, f"{count} pages are back", f"{left} {statuses}")
        tap.diag(f"in {time.monotonic() - started:.2f} s, {(peaks[-1] - before) / 1048576:.1f} MiB more")
        for i, page in enumerate(pages):
            page.close(i % 2)
        tap.ok(wait_for(lambda: descriptors(daemon) <= idle + 2, 20), "and gone again", descriptors(daemon) - idle)
    over.set()
    prober.join()
    tap.ok(all(status == 200 for _, status in took), "who was there is served meanwhile")
    tap.diag(f"slowest answer: {max(took)[0] * 1000:.0f} ms of {len(took)}")
    tap.ok(max(took)[0] < 5, "soon", max(took))
    if not is_sanitized(daemon):
        tap.ok(max(peaks) - before < count * BYTES_A_PAGE, "memory stays bounded", max(peaks) - before)


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        Tap.skip_all("annotationd and annotationctl are not built")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = min(PAGES, 45000, (hard if hard != resource.RLIM_INFINITY else 1 << 20) - 500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 400, hard))
    config = {"http": {"max-connections": count + 100}, "limits": {"default": "10000000/min"}}
    with Daemon(config) as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer", "admin"])
        daemon.start()
        test_storm(daemon, daemon.login("ann", "secret-of-ann"), count)
        tap.ok(daemon.running(), "the daemon lives", daemon.log()[-2000:])
    tap.done()


if __name__ == "__main__":
    main()
