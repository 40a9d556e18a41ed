#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests: late ones, wrong ones, and that their handlers outlive the answer."""

import json
import os
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import Daemon, Tap, example, find_program  # noqa: E402

tap = Tap()

TAKERS = [
    "POST /api/v1/login", "POST /api/v1/users", "PATCH /api/v1/users/bob", "POST /api/v1/tokens",
    "POST /api/v1/examples", "POST /api/v1/examples/next", "POST /api/v1/examples/e1/label",
    "POST /api/v1/examples/e1/skip", "POST /api/v1/leases/renew", "POST /api/v1/leases/release",
    "POST /api/v1/data-subject/delete", "POST /api/v1/retry/1/now",
]


def answers(data):
    """The statuses in what came."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def read_answer(line):
    """One answer with its Content-Length, or what came before the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65536)
        if not piece:
            return data
        data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    length = re.search(rb"Content-Length: (\d+)", head)
    length = int(length.group(1)) if length else 0
    while len(body) < length:
        piece = line.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


def test_late_and_wrong(daemon, token):
    """A body that comes after its head, and is answered at once: the handler's request must not go under its feet."""
    for taker in TAKERS:
        got = []
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for body in (b"{", b"[]", b"{\"roles\":1}", b"\0\xff") * 5:
                line.sendall(f"{taker} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                             f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
                time.sleep(0.003)
                line.sendall(body)
                got.extend(answers(read_answer(line)))
        tap.ok(len(got) == 20 and all(status in (200, 204) or 400 <= status < 500 for status in got),
               f"{taker} says what is wrong", got)


def test_chunked(daemon, token):
    """As `curl -T -` and every program that streams send it."""
    head = (f"POST /api/v1/examples HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n").encode()
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as line:
        line.sendall(head + b"Expect: 100-continue\r\n\r\n")
        tap.ok(line.recv(1000).startswith(b"HTTP/1.1 100 "), "100 Continue for a body in chunks")
        lines = "".join(json.dumps(example(f"chunk-{i}")) + "\n" for i in range(200)).encode()
        for at in range(0, len(lines), 7000):
            piece = lines[at:at + 7000]
            data = b"%x;name=value\r\n%s\r\n" % (len(piece), piece)
            line.sendall(data[:3])
            line.sendall(data[3:])
        line.sendall(b"0\r\nX-Trailer: passed over\r\n\r\n")
        got = read_answer(line)
        tap.ok(answers(got) == [201] and b'"created":200,' in got, "lines in chunks are taken", got[:300])
        body = json.dumps(example("chunk-0")).encode()
        one = head + b"\r\n%X\r\n%s\r\n00\r\n\r\n" % (len(body), body)
        line.sendall(one + one + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        rest = b""
        while piece := line.recv(65536):
            rest += piece
        tap.equal(answers(rest), [200, 200, 200], "requests behind one another each end where they should")
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as line:
        line.sendall(head.replace(b"Bearer ", b"Bearer x") + b"\r\n")
        got = line.recv(65536)
        tap.ok(answers(got) == [401] and b"Connection: close" in got, "an answer before the chunks closes", got[:100])
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=5) as line:
        line.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        got = b""
        try:
            for _ in range(100):
                line.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        except OSError:
            pass
        try:
            got = line.recv(65536)
        except OSError:
            pass
        tap.equal(answers(got), [413], "many chunks together are held to the route's limit")


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        Tap.skip_all("annotationd and annotationctl are not built")
    with Daemon({"limits": {"deletion": "1000/min"}}) as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer", "admin", "compliance_officer"])
        daemon.add_user("bob", "secret-of-bob")
        daemon.start()
        client = daemon.login("ann", "secret-of-ann")
        test_late_and_wrong(daemon, client.token)
        test_chunked(daemon, client.token)
        tap.ok(daemon.running() and daemon.ready(), "the daemon is well after all that", daemon.log()[-3000:])
        for text in daemon.log().splitlines():
            if "GLib" in text or "Sanitizer" in text or "runtime error" in text:
                tap.ok(False, "no complaint of a library in the log", text)
                break
    tap.done()


if __name__ == "__main__":
    main()
