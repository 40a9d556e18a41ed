#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What no client should send: smuggling, slow and endless requests, too much of everything; and that nothing is left behind."""

import gzip
import os
import re
import resource
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import Daemon, Tap, example, find_program, is_sanitized, wait_for  # noqa: E402

tap = Tap()


def connect(port, source="127.0.0.1", receive_buffer=None):
    line = socket.socket()
    line.settimeout(10)
    if receive_buffer:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    line.bind((source, 0))
    line.connect(("127.0.0.1", port))
    return line


def read_all(line):
    """Everything to the end of the connection; what there is when it does not end."""
    data = b""
    try:
        while True:
            piece = line.recv(65536)
            if not piece:
                return data
            data += piece
    except (socket.timeout, ConnectionError):
        return data + b"<open>"


def answers(data):
    """The statuses in what came."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)]


def exchange(port, data, timeout=3):
    with connect(port) as line:
        line.settimeout(timeout)
        try:
            line.sendall(data)
        except OSError:
            pass
        return read_all(line)


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"

CORPUS = [
    ("Transfer-Encoding with Content-Length", 400,
     POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX" + SMUGGLED),
    ("Content-Length with Transfer-Encoding", 400,
     POST + b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n0\r\n\r\n" + SMUGGLED),
    ("two Content-Length that differ", 400, POST + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}" + SMUGGLED),
    ("two Content-Length that agree", 400, POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED),
    ("a list in Content-Length", 400, POST + b"Content-Length: 2, 2\r\n\r\n{}" + SMUGGLED),
    ("Content-Length with a sign", 400, POST + b"Content-Length: +2\r\n\r\n{}" + SMUGGLED),
    ("a negative Content-Length", 400, POST + b"Content-Length: -1\r\n\r\n" + SMUGGLED),
    ("a hexadecimal Content-Length", 400, POST + b"Content-Length: 0x2\r\n\r\n{}" + SMUGGLED),
    ("an endless Content-Length", 400, POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n"),
    ("an empty Content-Length", 400, POST + b"Content-Length: \r\n\r\n" + SMUGGLED),
    ("an endless chunk size", 400, POST + CHUNKED + b"FFFFFFFFFFFFFFFFF\r\n"),
    ("a chunk size with a sign", 400, POST + CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n" + SMUGGLED),
    ("a chunk size with a prefix", 400, POST + CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n" + SMUGGLED),
    ("white space before a chunk size", 400, POST + CHUNKED + b" 2\r\n{}\r\n0\r\n\r\n" + SMUGGLED),
    ("a chunk size that ends with LF", 400, POST + CHUNKED + b"2\n{}\r\n0\r\n\r\n" + SMUGGLED),
    ("LF in a chunk extension", 400, POST + CHUNKED + b"2;a\n\r\n{}\r\n0\r\n\r\n" + SMUGGLED),
    ("a chunk longer than it says", 400, POST + CHUNKED + b"2\r\n{}0\r\n\r\n" + SMUGGLED),
    ("a chunk without CR", 400, POST + CHUNKED + b"2\r\n{}\n0\r\n\r\n" + SMUGGLED),
    ("an end without CR", 400, POST + CHUNKED + b"2\r\n{}\r\n0\r\n\n" + SMUGGLED),
    ("an endless chunk extension", 400, POST + CHUNKED + b"2;" + b"a" * 9000),
    ("an endless trailer", 400, POST + CHUNKED + b"0\r\n" + b"X-A: aaaaaaaa\r\n" * 1000),
    ("a chunk over the route's limit", 413, POST + CHUNKED + b"20000\r\n{"),
    ("a Transfer-Encoding with a parameter", 501, POST + b"Transfer-Encoding: chunked;a=b\r\n\r\n" + SMUGGLED),
    ("another Transfer-Encoding", 501, POST + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED),
    ("chunked, twice", 400, POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED),
    ("chunked in HTTP/1.0", 400,
     b"POST /api/v1/login HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED),
    ("white space before the colon", 400, GET + b"Content-Length : 40\r\n\r\n" + SMUGGLED),
    ("a folded line", 400, GET + b"X-A: 1\r\n Content-Length: 40\r\n\r\n" + SMUGGLED),
    ("a first header that is folded", 400, b"GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n" + SMUGGLED),
    ("bare LF", 400, b"GET /healthz HTTP/1.1\nHost: x\n\n"),
    ("bare LF within", 400, GET + b"X-A: 1\nTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED),
    ("bare CR within", 400, GET + b"X-A: 1\rTransfer-Encoding: chunked\r\n\r\n" + SMUGGLED),
    ("NUL in a value", 400, GET + b"X-A: a\0b\r\n\r\n" + SMUGGLED),
    ("NUL in a name", 400, GET + b"X\0A: a\r\n\r\n" + SMUGGLED),
    ("NUL in the target", 400, b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a header without a colon", 400, GET + b"nothing\r\n\r\n"),
    ("a header without a name", 400, GET + b": x\r\n\r\n"),
    ("no Host", 400, b"GET /healthz HTTP/1.1\r\n\r\n"),
    ("two Hosts", 400, GET + b"Host: y\r\n\r\n"),
    ("an empty Host", 400, b"GET /healthz HTTP/1.1\r\nHost: \r\n\r\n"),
    ("a Host with a path", 400, b"GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    ("a Host with a user", 400, b"GET /healthz HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    ("two Authorizations", 400, GET + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
    ("HTTP/2 without upgrade", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("HTTP/1.2", 505, b"GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
    ("HTTP/0.9", 400, b"GET /\r\n\r\n"),
    ("no version", 400, b"GET / \r\nHost: x\r\n\r\n"),
    ("two spaces", 400, b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a method of odd bytes", 400, b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a target without a slash", 400, b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("the absolute form of another host", 400, b"GET http://y/healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a fragment", 400, b"GET /healthz#x HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("bytes above ASCII in the target", 400, b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("dots out of the root", 400, b"GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("encoded dots", 400, b"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an encoded NUL", 400, b"GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("bad UTF-8 in the path", 400, b"GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a broken escape", 400, b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a long target", 414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("an endless target", 414, b"GET /" + b"a" * 100000),
    ("many headers", 431, GET + b"".join(b"X-%d: 1\r\n" % i for i in range(150)) + b"\r\n"),
    ("a huge header", 431, GET + b"X-A: " + b"a" * 40000 + b"\r\n\r\n"),
    ("an endless header", 431, GET + b"X-A: " + b"a" * 400000),
    ("another expectation", 417, POST + b"Expect: wonders\r\nContent-Length: 2\r\n\r\n{}"),
    ("nothing but line ends", 400, b"\r\n" * 2 + b"\r\n\r\n" + b"x\r\n\r\n"),
    ("CONNECT", 400, b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("TLS to a plain port", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n" + b"\0" * 100),
]


def test_corpus(daemon):
    for name, expected, data in CORPUS:
        got = exchange(daemon.port, data)
        tap.ok(answers(got) == [expected] and not got.endswith(b"<open>"), f"{expected} and closed: {name}",
               f"{answers(got)} {got[:120]!r} … {got[-40:]!r}")


def test_well_formed(daemon):
    got = exchange(daemon.port, GET + b"\r\n" + GET + b"Connection: close\r\n\r\n")
    tap.equal(answers(got), [200, 200], "two requests in one segment get two answers")
    tap.ok(not got.endswith(b"<open>"), "Connection: close closes")
    got = exchange(daemon.port, b"\r\n" + GET + b"Connection: close\r\n\r\n")
    tap.equal(answers(got), [200], "an empty line before a request is passed over")
    got = exchange(daemon.port, b"GET /healthz HTTP/1.0\r\n\r\n")
    tap.ok(answers(got) == [200] and not got.endswith(b"<open>"), "HTTP/1.0 is answered and closed")
    got = exchange(daemon.port, b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.equal(answers(got), [200], "the absolute form of the same host is taken")
    got = exchange(daemon.port, b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.ok(answers(got) == [200] and got.endswith(b"\r\n\r\n") and b"Content-Length: 0" not in got,
           "HEAD has the length, and no body", got)
    got = exchange(daemon.port, b"OPTIONS /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    tap.ok(answers(got) == [204] and b"Allow: GET, HEAD, OPTIONS" in got, "OPTIONS says what may be done", got)
    got = exchange(daemon.port, GET + b"Range: bytes=0-0,1-1,2-2\r\nConnection: close\r\n\r\n")
    tap.ok(answers(got) == [200] and b"multipart" not in got, "Range is passed over")
    with connect(daemon.port) as line:
        line.sendall(POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\n")
        first = line.recv(1000)
        line.sendall(b"{}")
        rest = read_all(line)
        tap.ok(first.startswith(b"HTTP/1.1 100") and answers(rest)[0] in (400, 401, 422), "100 Continue, then the answer",
               first + rest)
    got = exchange(daemon.port, GET + b"X-Request-Id: my-id.1\r\nConnection: close\r\n\r\n")
    tap.ok(b"X-Request-Id: my-id.1\r\n" in got, "a sane request id is kept")
    got = exchange(daemon.port, GET + b"X-Request-Id: a b<>\r\nConnection: close\r\n\r\n")
    tap.ok(b"a b<>" not in got, "another is not")
    for name in (b"Content-Security-Policy", b"X-Content-Type-Options: nosniff", b"Referrer-Policy",
                 b"frame-ancestors 'none'"):
        tap.ok(name in got, f"every answer has {name.decode()}")


def test_bodies(daemon):
    got = exchange(daemon.port, POST + b"Content-Length: 70000\r\n\r\n" + b"x" * 1000)
    tap.ok(answers(got) == [413] and not got.endswith(b"<open>"), "413 at once for a body over the route's limit", got[:100])
    big = exchange(daemon.port, b"POST /api/v1/examples HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n")
    tap.ok(answers(big)[0] in (401, 413), "a terabyte is not waited for", big[:100])
    got = exchange(daemon.port, b"POST /api/v1/examples HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
    tap.ok(answers(got) == [401] and not got.endswith(b"<open>"), "nobody's body is read before they have signed in",
           got[:100])


def test_slow(daemon):
    """header-timeout and body-timeout are 1 s here, idle-timeout is 3 s."""
    lines = [connect(daemon.port) for _ in range(50)]
    started = time.monotonic()
    for line in lines:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ")
    for _ in range(6):
        # Not on one that has its answer: that would take it away.
        for line in set(lines) - set(select.select(lines, [], [], 0)[0]):
            line.sendall(b"a")
        time.sleep(0.3)
    got = [read_all(line) for line in lines]
    tap.ok(all(answers(data) == [408] and not data.endswith(b"<open>") for data in got),
           "a head that drips is answered 408 at its deadline", got[:2])
    tap.ok(time.monotonic() - started < 12, "soon")
    with connect(daemon.port) as line:
        line.sendall(POST + b"Content-Length: 100\r\n\r\n{")
        data = read_all(line)
        tap.ok(answers(data) == [408] and not data.endswith(b"<open>"), "a body that does not come is answered 408", data)
    with connect(daemon.port) as line:
        started = time.monotonic()
        data = read_all(line)
        tap.ok(data == b"" and time.monotonic() - started < 10, "a connection without a request is closed", data)
    with connect(daemon.port) as line:
        line.sendall(GET + b"\r\n")
        started = time.monotonic()
        data = read_all(line)
        tap.ok(answers(data) == [200] and 2 < time.monotonic() - started < 12, "a kept connection is closed when idle")


def test_not_read(daemon, client):
    filler = "x" * 30000
    for i in range(20):
        client.post("/api/v1/examples", [example(f"big-{i}-{j}", text=filler) for j in range(10)])
    answer = len(client.get("/api/v1/examples?size=200").body)
    peers = 20
    leave_unread(daemon, client, peers)
    # What was freed may stay with the process, and be taken again: only what grows with every round is lost.
    memory = resident(daemon)
    for _ in range(2):
        leave_unread(daemon, client, peers)
    allowed = 1000 << 20 if is_sanitized() else peers * answer
    tap.ok(resident(daemon) - memory < allowed, "memory stays bounded", f"{resident(daemon) - memory} of {allowed}")


def leave_unread(daemon, client, peers):
    """Has so many peers ask for much and read nothing, until the service closes their connections."""
    lines = []
    for _ in range(peers):
        line = connect(daemon.port, receive_buffer=4096)
        line.sendall(b"GET /api/v1/examples?size=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                     + client.token.encode() + b"\r\n\r\n")
        lines.append(line)
    tap.ok(client.get("/healthz").status == 200, "peers that do not read an answer do not keep others")
    tap.ok(wait_for(lambda: descriptors(daemon) <= 40, 15), "and are closed at their deadline", descriptors(daemon))
    for line in lines:
        line.close()


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def test_leaks(daemon):
    base = descriptors(daemon)
    for round_number in range(5):
        lines = []
        for i in range(500):
            line = connect(daemon.port, source=f"127.0.0.{2 + round_number}")
            if i % 3:
                line.sendall(GET + b"\r\n")
            lines.append(line)
        for i, line in enumerate(lines):
            if i % 3:
                line.recv(4096)
            if i % 2:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()
        wait_for(lambda: descriptors(daemon) <= base, 10)
        if round_number == 1:
            memory = resident(daemon)
    tap.ok(wait_for(lambda: descriptors(daemon) <= base, 10), "2,500 connections closed by the client leave no descriptor",
           f"{descriptors(daemon)} of {base}")
    allowed = 32 if is_sanitized() else 4
    tap.ok(resident(daemon) - memory < allowed * 1024 * 1024, "and no memory", resident(daemon) - memory)


def test_limits():
    config = {"http": {"max-connections": 60, "max-connections-per-address": 40, "trusted-proxies": "127.0.0.9"}}
    with Daemon(config) as daemon:
        daemon.start()
        lines = [connect(daemon.port) for _ in range(40)]
        extra = connect(daemon.port)
        got = read_all(extra)
        tap.ok(answers(got) == [503] and b"Retry-After" in got, "one more than max-connections-per-address is refused", got)
        for line in lines:
            line.sendall(GET + b"\r\n")
            line.recv(4096)
        others = [connect(daemon.port, source="127.0.0.2") for _ in range(20)]
        got = read_all(connect(daemon.port, source="127.0.0.3"))
        tap.equal(answers(got), [503], "one more than max-connections is refused")
        for line in lines + others:
            line.close()
        time.sleep(0.3)
        lines = [connect(daemon.port, source="127.0.0.9") for _ in range(50)]
        lines[-1].sendall(GET + b"\r\n")
        tap.equal(answers(lines[-1].recv(4096)), [200], "a trusted proxy is not limited by its address")
        for line in lines:
            line.close()


def test_no_descriptors():
    with Daemon({"http": {"header-timeout": 3}}) as daemon:
        daemon.start()
        limit = descriptors(daemon) + 30
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        lines = []
        for _ in range(60):
            line = connect(daemon.port)
            line.settimeout(2)
            lines.append(line)
        time.sleep(0.5)
        refused = 0
        for line in lines:
            line.setblocking(False)
            try:
                refused += answers(line.recv(4096)) == [503]
            except (BlockingIOError, ConnectionError):
                pass
        tap.ok(refused > 10, "without descriptors, connections are refused with 503", refused)
        with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as file:
            before = sum(map(int, file.read().split()[13:15]))
        time.sleep(0.5)
        with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as file:
            used = sum(map(int, file.read().split()[13:15])) - before
        tap.ok(used < 25, "and the loop does not spin", used)
        for line in lines:
            line.close()
        tap.ok(wait_for(lambda: b"200 OK" in exchange(daemon.port, GET + b"Connection: close\r\n\r\n"), 10),
               "the listener recovers")


def test_static(daemon, client):
    answer = client.get("/")
    tap.ok(answer.status == 200 and "text/html" in answer.headers["Content-Type"], "the page is served at /", answer)
    tag = answer.headers["ETag"]
    tap.ok(tag and not tag.startswith("W/") and answer.headers["Cache-Control"] == "no-cache", "with a strong ETag")
    again = client.get("/", headers={"If-None-Match": tag})
    tap.ok(again.status == 304 and again.body == b"", "If-None-Match gets 304")
    tap.equal(client.get("/", headers={"If-None-Match": '"other"'}).status, 200, "another tag gets the page")
    zipped = client.get("/", headers={"Accept-Encoding": "gzip"})
    if zipped.headers["Content-Encoding"] == "gzip":
        tap.ok(gzip.decompress(zipped.body) == answer.body, "gzip holds the same")
        tap.ok(zipped.headers["ETag"] != tag and "Accept-Encoding" in zipped.headers["Vary"], "under a tag of its own")
    hashed = client.get("/js/app-0123abcd.js")
    tap.ok("immutable" in (hashed.headers["Cache-Control"] or ""), "a hashed name is immutable", hashed.headers)
    tap.equal(client.get("/secret.html").status, 404, "what is not there is 404")
    answer = client.get("/api/v1/examples?size=50", headers={"Accept-Encoding": "gzip;q=1.0, br"})
    tap.ok(answer.headers["Content-Encoding"] == "gzip" and b"examples" in gzip.decompress(answer.body),
           "a large JSON answer is compressed", answer.headers)
    answer = client.get("/api/v1/examples?size=50", headers={"Accept-Encoding": "gzip;q=0"})
    tap.ok(answer.headers["Content-Encoding"] is None, "but not for who refuses it")


def test_redirect_and_cors(daemon, client):
    answer = client.get("/api/examples?page=2&size=5")
    tap.ok(answer.status == 301 and answer.headers["Location"] == "/api/v1/examples?page=2&size=5"
           and answer.headers["X-API-Version-Redirect"] == "v1" and answer.headers["X-Deprecated-Endpoint"] == "true",
           "a path without a version is redirected, query kept", answer.headers)
    answer = client.request("PATCH", "/api/v1/login")
    tap.ok(answer.status == 405 and "POST" in answer.headers["Allow"], "405 says what is allowed")
    origin = {"Origin": "https://pages.example", "Access-Control-Request-Method": "POST"}
    answer = client.request("OPTIONS", "/api/v1/examples", headers=origin)
    tap.ok(answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == "https://pages.example",
           "an allowed origin's preflight is granted", answer.headers)
    answer = client.request("OPTIONS", "/api/v1/examples", headers={"Origin": "https://evil.example"})
    tap.ok(answer.headers["Access-Control-Allow-Origin"] is None, "another's is not")
    form = "username=ann&password=secret-of-ann"
    plain = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
    answer = daemon.client().post("/api/v1/login", form, headers={**plain, "Origin": "https://evil.example"})
    tap.ok(answer.status == 403 and "Set-Cookie" not in answer.headers, "another site's form signs nobody in", answer)
    answer = daemon.client().post("/api/v1/login", form, headers={**plain, "Origin": "https://pages.example"})
    tap.equal(answer.status, 200, "an allowed origin's may")


def test_rates():
    with Daemon({"limits": {"login": "3/min"}}) as daemon:
        daemon.start()
        client = daemon.client()
        got = [client.post("/api/v1/login", {"username": "x", "password": "y"}) for _ in range(5)]
        statuses = [answer.status for answer in got]
        tap.ok(statuses[-1] == 429 and statuses.count(429) == 2, "the fourth sign-in in a minute is refused", statuses)
        headers = got[-1].headers
        tap.ok(int(headers["Retry-After"]) >= 1 and headers["RateLimit-Limit"] == "3"
               and headers["RateLimit-Remaining"] == "0", "with Retry-After and RateLimit headers", dict(headers))
        tap.equal(client.get("/healthz").status, 200, "health is not limited")


def test_forwarded():
    """Who a request is counted for, behind proxies."""
    with Daemon({"http": {"trusted-proxies": "127.0.0.0/8;10.0.0.0/8"}, "limits": {"login": "1/h"}}) as daemon:
        daemon.start()
        client = daemon.client()

        def login(forwarded):
            return client.post("/api/v1/login", {"username": "x", "password": "y"},
                               headers={"X-Forwarded-For": forwarded}).status

        tap.equal(login("192.0.2.1"), 401, "the first sign-in of an address is let through")
        tap.equal(login("192.0.2.1"), 429, "the second is not")
        tap.equal(login("192.0.2.2"), 401, "another address is counted apart")
        tap.equal(login("203.0.113.9, 192.0.2.1"), 429, "what the client wrote itself does not count")
        tap.equal(login("192.0.2.1, 10.1.2.3"), 429, "a trusted proxy behind it is passed over")
    with Daemon({"limits": {"login": "1/h"}}) as daemon:
        daemon.start()
        client = daemon.client()
        body = {"username": "x", "password": "y"}
        client.post("/api/v1/login", body, headers={"X-Forwarded-For": "192.0.2.1"})
        tap.equal(client.post("/api/v1/login", body, headers={"X-Forwarded-For": "192.0.2.2"}).status, 429,
                  "nobody else is believed")


def make_page(folder):
    os.makedirs(os.path.join(folder, "js"))
    with open(os.path.join(folder, "index.html"), "w", encoding="utf-8") as file:
        file.write("<!doctype html><title>page</title>" + "<p>text</p>" * 200)
    with open(os.path.join(folder, "js", "app-0123abcd.js"), "w", encoding="utf-8") as file:
        file.write("export const x = 1;\n")


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        Tap.skip_all("annotationd and annotationctl are not built")
    config = {"http": {"header-timeout": 1, "body-timeout": 1, "idle-timeout": 3, "write-timeout": 2,
                       "allowed-origins": "https://pages.example"}}
    with Daemon(config) as daemon:
        page = os.path.join(daemon.directory, "page")
        make_page(page)
        daemon.config["http"]["web-dir"] = page
        daemon.write_config()
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer", "admin"])
        daemon.start()
        client = daemon.login("ann", "secret-of-ann")
        test_corpus(daemon)
        test_well_formed(daemon)
        test_bodies(daemon)
        test_slow(daemon)
        test_leaks(daemon)
        test_not_read(daemon, client)
        test_static(daemon, client)
        test_redirect_and_cors(daemon, client)
        tap.ok(daemon.running() and client.get("/healthz").status == 200, "the daemon is well after all that")
        for line in daemon.log().splitlines():
            if "critical" in line.lower() or "warning" in line.lower() or "error: GLib" in line:
                tap.ok(False, "no warning in the log", line)
    test_limits()
    test_no_descriptors()
    test_rates()
    test_forwarded()
    tap.done()


if __name__ == "__main__":
    main()
