#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two instances that share a Redis server, and what goes on when they have to do without."""

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, Tap, example, is_within, wait_for
from servers import Certificates, Postgres, Proxy, Redis, Unavailable
from websocket_client import WebSocket, WebSocketClosed

PASSWORD = "correct horse battery"
SECRET = "never-to-be-printed"
TOTAL = "websocket:connection_count"
tap = Tap()


def instance(server, name, beside=None, **redis):
    """A daemon on the same store as another one, with a topic of its own to read."""
    daemon = Daemon({"service": {"name": "annotations", "instance-id": name}, "state": {"plugin": "redis"},
                     "redis": {"url": server.url(), **redis}, "limits": {"deletion": "5/h"},
                     "broker": {"hard-examples-topic": f"examples-{name}"}},
                    directory=beside.directory if beside else None)
    return daemon


def check_of(daemon):
    return daemon.client(timeout=3).get("/readyz").json()["checks"]["redis"]


def take(client):
    answer = client.post("/api/v1/examples/next", {"count": 1})
    return answer.json()["examples"][0]["example"]["event_id"] if answer.status == 200 else None


def closes(page, timeout=3):
    """The code with which the page is closed, or None."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            page.receive(timeout=max(0.1, deadline - time.monotonic()))
        except WebSocketClosed as end:
            return end.code
        except (OSError, TimeoutError):
            break
    return None


def test_presence(server, one, two, ann):
    check = check_of(one)
    tap.ok(check["status"] == "healthy" and check["details"]["subscribed"], "/readyz names redis", check)
    names = server.cli("CLIENT", "LIST")
    tap.ok(all(names.count(f"name=annotations-{name} ") == 2 for name in ("one", "two")), "each has two connections")
    with WebSocket(one.port, token=ann.token), WebSocket(one.port, token=ann.token), \
            WebSocket(two.port, token=ann.token):
        tap.ok(wait_for(lambda: server.cli("GET", TOTAL) == "3", 5), "the total counts the pages of both",
               server.cli("GET", TOTAL))
        info = ann.get("/api/v1/scaling/info").json()
        tap.ok(info["total_instances"] == 2 and info["redis_connected"], "each knows of the other", info)
    tap.ok(wait_for(lambda: server.cli("GET", TOTAL) == "0", 5), "and goes down with them")


def test_notifications(one, two, ann):
    with WebSocket(two.port, token=ann.token) as page:
        page.receive_type("hello")
        one.feed([example("far")], "examples-one")
        tap.equal(page.receive_type("new_example")["example"]["event_id"], "far",
                  "what one takes from its topic stands in the other's page")
        # What becomes of an example is told by the server only: the store says nothing of it.
        tap.equal(take(ann), "far", "it is handed out by one")
        begun = time.monotonic()
        tap.equal(page.receive_type("example_taken")["example_id"], "far", "which the other's page is told")
        tap.ok(time.monotonic() - begun < 3, "at once")


def test_logout(server, one, two):
    session = one.login("ann", PASSWORD)
    elsewhere = two.client(session.token)
    with WebSocket(two.port, token=session.token) as page:
        page.receive_type("hello")
        tap.equal(elsewhere.get("/api/v1/me").status, 200, "a session of one is good at the other")
        session.post("/api/v1/logout")
        tap.ok(is_within(lambda: elsewhere.get("/api/v1/me").status == 401, 3), "its end is known there at once")
        tap.equal(closes(page), 3500, "and closes its page")
    tap.ok(server.cli("--scan", "--pattern", "annotation:revoked:*").startswith("annotation:revoked:"),
           "the mark is kept until it would have ended")


def test_rates(one, two, eve):
    other = two.client(eve.token)
    body = {"face_hash_id": "ab" * 32}
    answers = [client.post("/api/v1/data-subject/delete", body).status for client in (eve, other) * 3]
    tap.equal(answers, [200] * 5 + [429], "a rate limit counts what both are asked")


def test_flush(server, one, ann):
    with WebSocket(one.port, token=ann.token):
        wait_for(lambda: server.cli("GET", TOTAL) == "1", 5)
        server.cli("FLUSHALL")
        server.cli("SCRIPT", "FLUSH")
        tap.ok(wait_for(lambda: server.cli("GET", TOTAL) == "1", 4), "after FLUSHALL the total is right in 4 s")
        tap.ok(one.ready() and wait_for(lambda: ann.get("/api/v1/scaling/info").json()["total_instances"] == 2, 4),
               "and both are there again")


def test_death(server, one, two, ann):
    with WebSocket(one.port, token=ann.token):
        page = WebSocket(two.port, token=ann.token)
        wait_for(lambda: server.cli("GET", TOTAL) == "2", 5)
        begun = time.monotonic()
        two.kill()
        tap.ok(is_within(lambda: server.cli("GET", TOTAL) == "1", 13),
               "the total is right within 10 s of a SIGKILL", f"{time.monotonic() - begun:.1f} s")
        page.close()


def test_degraded(server, one, ann):
    with WebSocket(one.port, token=ann.token) as page:
        page.receive_type("hello")
        server.kill()
        tap.ok(is_within(lambda: not one.ready(), 3.5), "a dead server: not ready in 2 s")
        check = check_of(one)
        tap.ok(check["status"] == "unhealthy" and "error" in check["details"], "and /readyz says why", check)
        tap.equal(one.client().get("/healthz").status, 200, "but alive")
        one.feed([example("alone-1"), example("alone-2")], "examples-one")
        tap.equal(page.receive_type("new_example")["example"]["event_id"], "alone-1", "its own pages are told all the same")
        name = take(ann)
        tap.equal(name, "alone-1", "examples are handed out")
        tap.equal(page.receive_type("example_taken")["example_id"], name, "which its own pages are told")
        answer = ann.post(f"/api/v1/examples/{name}/label", {"corrected_detections": []})
        tap.equal(answer.status, 200, "and labelled")
        tap.ok(wait_for(lambda: any(message["event_id"] == name for message in one.read_topic("labeled-examples")), 5),
               "and published")
        again = one.login("ann", PASSWORD)
        tap.equal(again.post("/api/v1/logout").status, 200, "people sign in and out")
        tap.equal(again.get("/api/v1/me").status, 401, "which holds at once")
        server.start()
        tap.ok(wait_for(one.ready, 5), "ready again when the server is back")
        page.receive_type("resync")
        tap.ok(wait_for(lambda: server.cli("GET", TOTAL) == "1", 5), "the pages look anew, and the total is told")


def test_hanging(server, one):
    begun = time.monotonic()
    server.suspend()
    tap.ok(is_within(lambda: not one.ready(), 3.5), "a server that hangs: not ready in 2 s",
           f"{time.monotonic() - begun:.1f} s")
    begun = time.monotonic()
    tap.equal(one.login("ann", PASSWORD).get("/api/v1/me").status, 200, "rate limits do not wait for it")
    tap.ok(time.monotonic() - begun < 4, "for long", f"{time.monotonic() - begun:.1f} s")
    server.resume()
    tap.ok(wait_for(one.ready, 10), "and ready again")


def test_start_without(server):
    server.stop()
    with instance(server, "early") as daemon:
        daemon.start(wait=False)
        tap.ok(wait_for(lambda: alive(daemon), 10), "an instance starts without the server")
        tap.ok(wait_for(lambda: check_of(daemon)["status"] == "unhealthy", 3), "and says that it is away")
        server.start()
        tap.ok(wait_for(daemon.ready, 5), "until it comes")
        tap.equal(daemon.stop(), 0, "it ends well")


def test_start_with_both_slow(server):
    """What is left of the time when the store has come at last is not what is waited for a server that hangs."""
    with Postgres() as store, Proxy(store.port) as proxy, instance(server, "slow") as daemon:
        daemon.config["service"]["start-timeout"] = 20
        daemon.config["store"] = {"plugin": "postgres"}
        daemon.config["postgres"] = {"conninfo": store.url(port=proxy.port)}
        daemon.write_config()
        proxy.stall()
        server.suspend()
        daemon.start(wait=False)
        time.sleep(12)
        proxy.heal()
        tap.ok(wait_for(lambda: alive(daemon), 10), "a slow store and a server that hangs: an instance starts",
               daemon.log()[-1000:])
        server.resume()
        tap.ok(wait_for(daemon.ready, 10), "and is ready when it goes on")


def has_listener(daemon):
    """Its signals are heeded from about that moment on."""
    try:
        socket.create_connection(("127.0.0.1", daemon.port), timeout=1).close()
    except OSError:
        return False
    return True


def alive(daemon):
    try:
        return daemon.client(timeout=1).get("/healthz").status == 200
    except OSError:
        return False


def ends_with(daemon, code, words, name):
    daemon.start(wait=False)
    try:
        got = daemon.process.wait(15)
    except Exception:  # pylint: disable=broad-except
        got = None
    log = daemon.log()
    tap.ok(got == code and words in log and SECRET not in log, name, f"{got}\n{log[-1000:]}")
    daemon.close()


def test_start_wrong():
    with Redis(password=SECRET) as server:
        ends_with(instance(server, "wrong", url=f"redis://:{SECRET}x@127.0.0.1:{server.port}"), 77, "WRONGPASS",
                  "a wrong password is told at the start")
        daemon = instance(server, "right", url=f"redis://127.0.0.1:{server.port}")
        daemon.env["REDIS_PASSWORD"] = SECRET
        with daemon:
            daemon.start()
            tap.ok(daemon.ready(), "REDIS_PASSWORD is the password")
            daemon.stop()
            daemon.config["redis"]["password-file"] = server.write("password", "another one\n")
            daemon.write_config()
            daemon.start()
            tap.ok(daemon.ready(), "also when the keyfile names a file with another one")
    certificates = Certificates()
    with Redis(certificates=certificates) as server:
        ends_with(instance(server, "tls"), 78, "tls-ca-file", "so is a certificate that is not trusted")
    with Redis() as server:
        watched = {"sentinel-master": "m", "sentinels": f"127.0.0.1;redis://:{SECRET}@127.0.0.1:26379"}
        ends_with(instance(server, "url", **watched), 78, "[redis] sentinels: entry 2: ", "a URL among the sentinels")
        daemon = instance(server, "list", **{**watched, "sentinels": "127.0.0.1:1, 127.0.0.1:2;[::1]:3"})
        with daemon:
            daemon.start(wait=False)
            tap.ok(wait_for(lambda: "asked 3 sentinels" in daemon.log(), 5), "commas part them as well", daemon.log())
        ends_with(instance(server, "bad", url="redis://127.0.0.1:none"), 78, "[redis] url: the port is not a number",
                  "and an address that is none")


def test_stop_while_starting(server):
    """A server that takes connections and says nothing."""
    server.suspend()
    with instance(server, "impatient") as daemon:
        daemon.start(wait=False)
        tap.ok(wait_for(lambda: has_listener(daemon), 5), "an instance waits for a server that hangs")
        time.sleep(1)
        begun = time.monotonic()
        code = daemon.stop()
        tap.ok(code == 0 and time.monotonic() - begun < 6, "and ends at once when it is told to",
               f"{code} after {time.monotonic() - begun:.1f} s\n{daemon.log()[-500:]}")
    server.resume()


def test_drain(one):
    tap.equal(one.stop(), 0, "an instance ends well")


def main():
    try:
        server = Redis()
    except Unavailable as reason:
        Tap.skip_all(reason)
    with server, instance(server, "one") as one:
        one.add_user("ann", PASSWORD)
        one.add_user("eve", PASSWORD, ["compliance_officer"])
        one.start()
        with instance(server, "two", beside=one) as two:
            two.start()
            ann, eve = one.login("ann", PASSWORD), one.login("eve", PASSWORD)
            test_presence(server, one, two, ann)
            test_notifications(one, two, ann)
            test_logout(server, one, two)
            test_rates(one, two, eve)
            test_flush(server, one, ann)
            test_death(server, one, two, ann)
        test_degraded(server, one, ann)
        test_hanging(server, one)
        test_drain(one)
        tap.equal(server.cli("GET", TOTAL), "0", "and leaves the total right")
        test_stop_while_starting(server)
        test_start_without(server)
        test_start_with_both_slow(server)
    test_start_wrong()
    tap.done()


main()
