#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where the daemon listens: TLS, a local socket, several at once, sockets passed by the service manager; and streams."""

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import Daemon, Tap, example, find_program, free_port, wait_for  # noqa: E402

tap = Tap()
HANDSHAKE = ("GET /ws/v1/examples HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {}\r\n\r\n")


def masked(text):
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def read_until(line, wanted, limit=5):
    data = b""
    deadline = time.monotonic() + limit
    while wanted not in data and time.monotonic() < deadline:
        piece = line.recv(65536)
        if not piece:
            break
        data += piece
    return data


def read_to_end(line):
    pieces = []
    while piece := line.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


def stop(daemon):
    code = daemon.stop()
    tap.ok(code == 0, "the daemon drains", f"exit {code}\n{daemon.log()[-4000:]}")


def test_tls():
    if shutil.which("openssl") is None:
        tap.skip("TLS", "openssl is not installed")
        return
    with Daemon() as daemon:
        certificate, key = os.path.join(daemon.directory, "cert.pem"), os.path.join(daemon.directory, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                        "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out",
                        certificate], check=True, capture_output=True)
        other = os.path.join(daemon.directory, "other.pem")
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", other], check=True,
                       capture_output=True)
        daemon.config["http"].update({"tls-certificate": certificate, "tls-key": other, "header-timeout": 8})
        daemon.write_config()
        done = subprocess.run([*daemon.command(), "--check-config"], capture_output=True, text=True, check=False,
                              env=daemon.environment())
        tap.ok(done.returncode == 78 and "not the key of tls-certificate" in done.stderr, "the key of another is refused",
               done)
        daemon.config["http"]["tls-key"] = key
        daemon.write_config()
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer"])
        daemon.start(wait=False)
        context = ssl.create_default_context(cafile=certificate)
        wait_for(lambda: "serving:" in daemon.log(), 20)

        def connect():
            raw = socket.create_connection(("127.0.0.1", daemon.port), timeout=10)
            return context.wrap_socket(raw, server_hostname="localhost")

        stalled = [socket.create_connection(("127.0.0.1", daemon.port), timeout=10, source_address=("127.0.0.7", 0))
                   for _ in range(60)]
        for raw in stalled:
            raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
        time.sleep(0.3)
        started = time.monotonic()
        client = http.client.HTTPSConnection("localhost", daemon.port, context=context, timeout=10)
        client.sock = connect()
        client.request("GET", "/healthz")
        answer = client.getresponse()
        body = answer.read()
        tap.ok(answer.status == 200 and json.loads(body)["status"] == "healthy", "HTTP over TLS is answered", body)
        tap.ok(time.monotonic() - started < 5, "soon, beside sixty handshakes that do not go on",
               time.monotonic() - started)
        for raw in stalled:
            raw.close()
        tap.ok("max-age" in (answer.headers["Strict-Transport-Security"] or ""), "with Strict-Transport-Security")
        client.request("POST", "/api/v1/login", json.dumps({"username": "ann", "password": "secret-of-ann"}),
                       {"Content-Type": "application/json"})
        answer = client.getresponse()
        token = json.loads(answer.read())["access_token"]
        tap.ok(token and "Secure" in answer.headers["Set-Cookie"], "the connection is kept; the cookie is Secure")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        large = json.dumps([example(f"tls-{i}", text="y" * 30000) for i in range(40)])
        client.request("POST", "/api/v1/examples", large, headers)
        answer = client.getresponse()
        answer.read()
        tap.ok(answer.status in (200, 201), "a body of over a megabyte comes through", answer.status)
        client.request("GET", "/api/v1/examples?size=40", headers=headers)
        listed = json.loads(client.getresponse().read())
        tap.equal(len(listed["examples"]), 40, "and so does a large answer")

        with connect() as line:
            line.sendall(HANDSHAKE.format(token).encode())
            got = read_until(line, b'"hello"')
            tap.ok(got.startswith(b"HTTP/1.1 101") and b'"hello"' in got, "a WebSocket opens over TLS", got[:200])
            for _ in range(3):
                line.sendall(masked(b'{"type":"ping"}') + masked(b'{"type":"ping"}'))
                got = read_until(line, b'{"type":"pong"}')
            tap.ok(b'{"type":"pong"}' in got, "and talks", got)
        plain = socket.create_connection(("127.0.0.1", daemon.port), timeout=10)
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            got = plain.recv(1000)
        except ConnectionError:
            got = b""
        tap.ok(not got.startswith(b"HTTP"), "plain HTTP to the TLS port is not answered", got)
        silent = socket.create_connection(("127.0.0.1", daemon.port), timeout=10)
        silent.settimeout(30)
        silent.sendall(b"\x16\x03")
        began = time.monotonic()
        try:
            silent.recv(1000)
        except ConnectionError:
            pass
        tap.ok(time.monotonic() - began < 20, "a handshake that does not go on has a deadline")
        stop(daemon)


def ask_local(path, request=b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(path)
        line.sendall(request)
        return read_to_end(line)


def test_local_socket():
    with Daemon() as daemon:
        path = os.path.join(daemon.directory, "web.sock")
        other = free_port()
        daemon.config["http"]["listen"] = f"127.0.0.1:{daemon.port};unix:{path};127.0.0.1:{other}"
        daemon.write_config()
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        daemon.start()
        tap.ok(ask_local(path).startswith(b"HTTP/1.1 200"), "a local socket is served; a stale file did not matter")
        with socket.create_connection(("127.0.0.1", other), timeout=5) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            tap.ok(read_to_end(line).startswith(b"HTTP/1.1 200"), "so is a second port")
        got = ask_local(path, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n")
        tap.ok(b"Strict-Transport-Security" in got, "a proxy at the local socket is believed")
        stop(daemon)
        tap.ok(not os.path.exists(path), "and removes the socket's file")


def test_drain_delay():
    """What a load balancer sees between the signal and the end: refusals of readiness, answers, connections given up."""
    with Daemon({"service": {"drain-delay": 8}}) as daemon:
        daemon.start()
        kept, idle = (socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(2))
        for line in (kept, idle):
            line.settimeout(10)
            line.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = read_until(line, b"\r\n\r\n")
        tap.ok(answer.startswith(b"HTTP/1.1 200") and b"Connection: close" not in answer, "a connection is kept", answer)
        daemon.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "draining" in daemon.log(), 5)
        kept.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = read_to_end(kept)
        tap.ok(answer.startswith(b"HTTP/1.1 503") and b"Connection: close" in answer,
               "after SIGTERM it says not ready, and gives the connection up", answer)
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = read_to_end(line)
        tap.ok(answer.startswith(b"HTTP/1.1 200") and b"Connection: close" in answer, "others are still answered", answer)
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = read_to_end(idle)
        tap.ok(answer.startswith(b"HTTP/1.1 200"), "one that was idle, too", answer)
        tap.equal(daemon.process.wait(20), 0, "and the daemon drains")
        kept.close()
        idle.close()


def test_passed_sockets():
    with Daemon() as daemon:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        port = listener.getsockname()[1]
        shell = f'exec 3<&{listener.fileno()}; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"'
        with open(daemon.log_file, "ab") as log:
            daemon.process = subprocess.Popen(["/bin/sh", "-c", shell, "sh", *daemon.command()], stdout=log, stderr=log,
                                              env=daemon.environment(), pass_fds=[listener.fileno()], cwd=daemon.directory)
        listener.close()
        daemon.port = port
        try:
            daemon.wait_ready()
            tap.ok(True, "a socket passed by the service manager is served")
        except Exception as error:  # noqa: BLE001
            if "built without systemd" in daemon.log():
                tap.skip("socket activation", "built without systemd")
            else:
                tap.ok(False, "a socket passed by the service manager is served", error)
        daemon.process.send_signal(signal.SIGTERM)
        tap.equal(daemon.process.wait(30), 0, "and the daemon drains")


def test_stream():
    with Daemon() as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator", "producer", "admin"])
        daemon.start()
        client = daemon.login("ann", "secret-of-ann")
        for i in range(20):
            answer = client.post("/api/v1/examples", [example(f"s-{i}-{j}", text="z" * 20000) for j in range(50)])
            assert answer.status in (200, 201), answer
        answer = client.get("/api/v1/export?format=jsonl&status=pending")
        lines = answer.body.splitlines()
        tap.ok(answer.status == 200 and len(answer.body) > 1000 and all(json.loads(line) for line in lines[:3]),
               "an export is streamed", (answer.status, answer.body[:200], len(lines)))
        tap.equal(answer.headers["Transfer-Encoding"], "chunked", "in chunks")
        with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
            before = int(file.read().split()[1]) * 4096
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(f"GET /api/v1/export?format=jsonl&status=pending HTTP/1.1\r\nHost: x\r\n"
                         f"Authorization: Bearer {client.token}\r\n\r\n".encode())
            time.sleep(1)
            with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
                grown = int(file.read().split()[1]) * 4096 - before
            tap.ok(grown < 16 * 1024 * 1024, "to a client that does not read it, in constant memory", grown)
        tap.ok(client.get("/healthz").status == 200, "a client that leaves in the middle does no harm")
        old = socket.create_connection(("127.0.0.1", daemon.port), timeout=10)
        old.sendall(f"GET /api/v1/export?format=jsonl&status=pending HTTP/1.0\r\nAuthorization: Bearer {client.token}\r\n\r\n"
                    .encode())
        got = read_to_end(old)
        tap.ok(b"chunked" not in got.split(b"\r\n\r\n")[0] and got.endswith(answer.body[-100:]),
               "HTTP/1.0 gets the stream without chunks, ended by the close", got[-100:])
        stop(daemon)


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        Tap.skip_all("annotationd and annotationctl are not built")
    test_tls()
    test_local_socket()
    test_drain_delay()
    test_passed_sockets()
    test_stream()
    tap.done()


if __name__ == "__main__":
    main()
