#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""WebSockets over raw sockets: handshake, frames that no client should send, slow readers, ends of sessions, drain."""

import json
import os
import socket
import sqlite3
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import Daemon, Tap, example, find_program, wait_for  # noqa: E402

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

tap = Tap()


class Line:
    """A WebSocket without manners."""

    def __init__(self, port, token=None, path="/ws/v1/examples", headers=None, receive_buffer=None, pipelined=b"",
                 source="127.0.0.1"):
        self.socket = socket.socket()
        self.socket.settimeout(10)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", port))
        fields = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Key": KEY, "Sec-WebSocket-Version": "13"}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        fields.update(headers or {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode() + pipelined)
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        self.status = int(self.head.split()[1])

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("ended")
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def frame(self):
        """(opcode, payload) of the next frame."""
        first, length = self.take(2)
        if length & 0x80:
            raise ValueError("a server's frame is masked")
        if length == 126:
            length = struct.unpack(">H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.take(8))[0]
        return first & 15, self.take(length)

    def message(self, kind=None):
        """The next JSON message (of that type); pings are answered."""
        while True:
            opcode, data = self.frame()
            if opcode == PING:
                self.send(PONG, data)
            elif opcode == CLOSE:
                raise ConnectionError(f"closed with {struct.unpack('>H', data[:2])[0]}")
            elif opcode == TEXT:
                document = json.loads(data)
                if kind is None or document["type"] == kind:
                    return document

    def close_code(self, answer_pings=True):
        """Reads to the close frame; None when the connection just ended, or goes on for 20 s."""
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                opcode, data = self.frame()
                if opcode == CLOSE:
                    return struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 1005
                if opcode == PING and answer_pings:
                    self.send(PONG, data)
        except (ConnectionError, socket.timeout, BrokenPipeError):
            pass
        return None

    @staticmethod
    def build(opcode, data=b"", final=True, mask=True, reserved=0):
        first = (0x80 if final else 0) | reserved << 4 | opcode
        flag = 0x80 if mask else 0
        if len(data) < 126:
            head = struct.pack(">BB", first, flag | len(data))
        elif len(data) < 65536:
            head = struct.pack(">BBH", first, flag | 126, len(data))
        else:
            head = struct.pack(">BBQ", first, flag | 127, len(data))
        if not mask:
            return head + data
        key = os.urandom(4)
        masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(data))
        return head + key + masked

    def send(self, opcode, data=b"", **how):
        self.socket.sendall(self.build(opcode, data, **how))

    def say(self, document):
        self.send(TEXT, json.dumps(document).encode())

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def test_handshake(daemon, token):
    port = daemon.port
    with Line(port, token) as line:
        tap.equal(line.status, 101, "a bearer header opens the WebSocket")
        tap.ok(f"Sec-WebSocket-Accept: {ACCEPT}" in line.head, "the key is answered as in RFC 6455", line.head)
        hello = line.message()
        tap.ok(hello["type"] == "hello" and {"epoch", "seq", "pending"} <= set(hello), "hello comes first", hello)
    cases = [
        ("no credentials", None, {}, 401),
        ("a token that is none", "nonsense.nonsense.nonsense", {}, 401),
        ("a foreign origin", token, {"Origin": "https://evil.example"}, 403),
        ("the null origin", token, {"Origin": "null"}, 403),
        ("no key", token, {"Sec-WebSocket-Key": None}, 400),
        ("a short key", token, {"Sec-WebSocket-Key": "c2hvcnQ="}, 400),
        ("an older version", token, {"Sec-WebSocket-Version": "8"}, 426),
        ("no Upgrade", token, {"Upgrade": None}, 426),
        ("no Connection: Upgrade", token, {"Connection": "keep-alive"}, 426),
    ]
    for name, bearer, headers, expected in cases:
        with Line(port, bearer, headers=headers) as line:
            tap.equal(line.status, expected, f"refused with {expected}: {name}")
    with Line(port, token, headers={"Origin": f"http://127.0.0.1:{port}"}) as line:
        tap.equal(line.status, 101, "the own origin is let in")
    with Line(port, token, headers={"Origin": "https://pages.example"}) as line:
        tap.equal(line.status, 101, "an origin of allowed-origins is let in")
    with Line(port, None, headers={"Sec-WebSocket-Protocol": f"annotationd.v1, bearer.{token}"}) as line:
        tap.ok(line.status == 101 and "Sec-WebSocket-Protocol: annotationd.v1" in line.head,
               "a token in the subprotocols opens it, and is not repeated", line.head)
    with Line(port, None, headers={"Cookie": f"annotationd_session={token}"}) as line:
        tap.equal(line.status, 101, "the session cookie opens it")
    with Line(port, token, pipelined=Line.build(TEXT, b'{"type":"ping"}')) as line:
        tap.equal(line.message("pong"), {"type": "pong"}, "a frame that came with the handshake is read")


def test_older_path(daemon):
    with Line(daemon.port, path="/ws/examples") as line:
        tap.equal(line.status, 101, "the older path is still answered")
        notice = line.message()
        tap.ok("/ws/v1/examples" in json.dumps(notice), "with a notice of where it is now", notice)
        tap.equal(line.close_code(), 3000, "and closes with 3000")


def test_bad_frames(daemon, token):
    cases = [
        ("not masked", Line.build(TEXT, b"{}", mask=False), 1002),
        ("reserved bit 1", Line.build(TEXT, b"{}", reserved=4), 1002),
        ("reserved bit 3", Line.build(TEXT, b"{}", reserved=1), 1002),
        ("reserved opcode", Line.build(3, b"{}"), 1002),
        ("bad UTF-8", Line.build(TEXT, b'{"type":"\xff"}'), 1007),
        ("binary", Line.build(BINARY, b"\x00"), 1003),
        ("a ping in fragments", Line.build(PING, b"", final=False), 1002),
        ("a ping of 126 bytes", Line.build(PING, b"x" * 126), 1002),
        ("a continuation of nothing", Line.build(0, b"x"), 1002),
        ("a message larger than the limit", Line.build(TEXT, b"x" * 70000), 1009),
        ("the length of a message that never comes", struct.pack(">BBQ", 0x81, 0xFF, 1 << 62) + b"abcd", 1009),
        ("no JSON", Line.build(TEXT, b"hello"), 3501),
        ("an unknown type", Line.build(TEXT, b'{"type":"launch"}'), 3501),
        ("resume without an epoch", Line.build(TEXT, b'{"type":"resume"}'), 3501),
        ("a lease token that is none", Line.build(TEXT, b'{"type":"renew","tokens":["x"]}'), 3501),
        ("a close frame", Line.build(CLOSE, struct.pack(">H", 1000)), 1000),
        ("fragments without end", Line.build(TEXT, b"{", final=False) + Line.build(0, b"", final=False) * 5000, 3501),
        ("a flood of pings", Line.build(PING, b"x") * 2000, 3013),
    ]
    for name, data, expected in cases:
        with Line(daemon.port, token) as line:
            line.message("hello")
            try:
                line.socket.sendall(data)
            except OSError:
                pass
            tap.equal(line.close_code(), expected, f"closed with {expected}: {name}")
    with Line(daemon.port, token) as line:
        line.message("hello")
        for part in (b'{"ty', b'pe":', b'"ping"}'):
            line.send(TEXT if part.startswith(b"{") else 0, part, final=part.endswith(b"}"))
            line.send(PING, b"between")
        tap.equal(line.message("pong"), {"type": "pong"}, "fragments with pings between them are one message")
    with Line(daemon.port, token) as line:
        line.message("hello")
        for byte in Line.build(TEXT, b'{"type":"ping"}'):
            line.socket.sendall(bytes([byte]))
            time.sleep(0.002)
        tap.equal(line.message("pong"), {"type": "pong"}, "a frame that comes byte by byte is read")


def test_messages(daemon, token, client):
    with Line(daemon.port, token) as line:
        hello = line.message("hello")
        client.post("/api/v1/examples", [example(f"m-{i}") for i in range(3)])
        seqs = [line.message("new_example")["seq"] for _ in range(3)]
        tap.equal(seqs, [hello["seq"] + 1 + i for i in range(3)], "new examples come in order, without a gap")
        line.say({"type": "resume", "epoch": hello["epoch"], "seq": hello["seq"]})
        again = [line.message("new_example")["seq"] for _ in range(3)]
        tap.equal(again, seqs, "resume gives what was missed, in order")
        line.say({"type": "resume", "epoch": "another", "seq": 0})
        tap.equal(line.message("resync")["type"], "resync", "resume of another epoch asks to fetch anew")
        leased = client.post("/api/v1/examples/next", {"count": 1}).json()
        leases = leased["leases"] if isinstance(leased, dict) and "leases" in leased else leased
        lease = (leases["examples"] if isinstance(leases, dict) else leases)[0]["lease"]
        line.say({"type": "renew", "tokens": [lease["token"]]})
        renewed = line.message("renewed")
        tap.equal([item["token"] for item in renewed["leases"]], [lease["token"]], "a lease is renewed over the line")


def test_slow_reader(daemon, token, client):
    fast = Line(daemon.port, token)
    fast.message("hello")
    counted = []

    def read_fast():
        try:
            while True:
                counted.append(fast.message())
        except (OSError, ConnectionError):
            pass

    reader = threading.Thread(target=read_fast, daemon=True)
    reader.start()
    slow = Line(daemon.port, token, receive_buffer=4096)
    slow.message("hello")
    filler = "x" * 20000
    sent = 0
    while sent < 400:
        answer = client.post("/api/v1/examples", [example(f"slow-{sent + i}", text=filler) for i in range(10)])
        assert answer.status in (200, 201, 207), answer
        sent += 10
    started = time.monotonic()
    tap.equal(slow.close_code(), 3008, "a page that does not read is closed with 3008")
    tap.ok(time.monotonic() - started < 20, "within its deadline")
    tap.ok(wait_for(lambda: sum(1 for item in counted if item["type"] == "new_example") >= 400, 10),
           "another page got everything meanwhile", len(counted))
    fast.close()
    slow.close()


def test_pong():
    with Daemon({"http": {"ws-ping-seconds": 2, "ws-pong-seconds": 1}}) as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator"])
        daemon.start()
        check_pong(daemon, daemon.login("ann", "secret-of-ann").token)


def check_pong(daemon, token):
    with Line(daemon.port, token) as line:
        line.message("hello")
        started = time.monotonic()
        tap.equal(line.close_code(answer_pings=False), 3012, "no answer to a ping: closed with 3012")
        tap.ok(time.monotonic() - started < 10, "within interval and deadline")
    with Line(daemon.port, token) as line:
        line.message("hello")
        pings = 0
        while pings < 3:
            opcode, data = line.frame()
            if opcode == PING:
                line.send(PONG, data)
                pings += 1
        line.say({"type": "ping"})
        tap.equal(line.message("pong")["type"], "pong", "one that answers stays open")


def test_revoked(daemon):
    client = daemon.login("bob", "secret-of-bob")
    with Line(daemon.port, client.token) as line:
        line.message("hello")
        tap.ok(client.post("/api/v1/logout").status in (200, 204), "sign out")
        tap.equal(line.close_code(), 3500, "the session's WebSocket is closed with 3500")


def test_token_ended(daemon, client):
    """client is an admin's; a token's WebSocket must not outlive the token, nor its account."""
    daemon.add_user("tom", "secret-of-tom", ["annotator"])

    def make():
        made = client.post("/api/v1/tokens", {"account": "tom", "roles": ["annotator"]}).json()
        line = Line(daemon.port, made["token"])
        line.message("hello")
        return made["id"], line

    (first, ended), (_, kept) = make(), make()
    started = time.monotonic()
    tap.equal(client.delete(f"/api/v1/tokens/{first}").status, 200, "an API token is revoked")
    tap.equal(ended.close_code(), 3500, "its WebSocket is closed with 3500")
    tap.ok(time.monotonic() - started < 3, "at once, without waiting for a ping", time.monotonic() - started)
    kept.say({"type": "ping"})
    tap.equal(kept.message("pong")["type"], "pong", "that of the account's other token stays")
    session = Line(daemon.port, daemon.login("tom", "secret-of-tom").token)
    session.message("hello")
    tap.equal(client.request("PATCH", "/api/v1/users/tom", {"roles": ["producer"]}).status, 200, "an account loses its role")
    tap.equal(kept.close_code(), 3500, "its token's WebSocket is closed")
    tap.equal(session.close_code(), 3500, "and its session's")
    client.request("PATCH", "/api/v1/users/tom", {"roles": ["annotator"]})
    last, unannounced = make()
    with sqlite3.connect(os.path.join(daemon.directory, "annotationd.db"), timeout=5) as store:
        store.execute("DELETE FROM tokens WHERE id = ?", (last,))
    tap.equal(unannounced.close_code(), 3500, "a token that ended without news of it is noticed with the pings")
    for line in (ended, kept, session, unannounced):
        line.close()


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_descriptors(daemon, token, idle):
    wait_for(lambda: descriptors(daemon) <= idle, 10)
    before = descriptors(daemon)
    lines = [Line(daemon.port, token) for _ in range(200)]
    tap.ok(wait_for(lambda: descriptors(daemon) >= before + 200, 10), "each WebSocket has one descriptor")
    for number, line in enumerate(lines):
        if number % 2:
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    tap.ok(wait_for(lambda: descriptors(daemon) <= before + 2, 10), "and gives it back, closed or reset",
           f"{descriptors(daemon)} of {before}")


def test_drain(daemon, token):
    lines = [Line(daemon.port, token) for _ in range(60)]
    for line in lines:
        line.message("hello")
    started = time.monotonic()
    daemon.process.terminate()
    codes = [line.close_code() for line in lines]
    tap.equal(set(codes), {3001}, "SIGTERM: every WebSocket is closed with 3001")
    for line in lines:
        line.close()
    tap.equal(daemon.process.wait(30), 0, "and the daemon exits with 0")
    tap.ok(time.monotonic() - started < 15, "soon", time.monotonic() - started)


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        Tap.skip_all("annotationd and annotationctl are not built")
    # What lies unread here for some seconds, on a busy machine, is not to be closed for that.
    config = {"http": {"ws-ping-seconds": 5, "ws-pong-seconds": 15, "allowed-origins": "https://pages.example",
                       "ws-queue-bytes": "256K"}}
    with Daemon(config) as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer", "admin"])
        daemon.add_user("bob", "secret-of-bob", ["annotator"])
        daemon.start()
        client = daemon.login("ann", "secret-of-ann")
        idle = descriptors(daemon)
        test_handshake(daemon, client.token)
        test_older_path(daemon)
        test_bad_frames(daemon, client.token)
        test_messages(daemon, client.token, client)
        test_pong()
        test_revoked(daemon)
        test_token_ended(daemon, client)
        test_slow_reader(daemon, client.token, client)
        test_descriptors(daemon, client.token, idle)
        test_drain(daemon, client.token)
        for line in daemon.log().splitlines():
            if "CRITICAL" in line or "critical" in line or "WARNING" in line:
                tap.ok(False, "no warning in the log", line)
    tap.done()


if __name__ == "__main__":
    main()
