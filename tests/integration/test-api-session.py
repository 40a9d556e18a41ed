#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may what: signing in and out, roles, CSRF, lock-out, rate limits, API tokens."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Client, Daemon, Tap, example, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
SECRET = "an-operator-chose-this-signing-secret-0123456789"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
tap = Tap()


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims, secret=SECRET, header=None):
    """A token as somebody else would make it."""
    head = encode(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode())
    body = encode(json.dumps(claims).encode())
    digest = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{encode(digest)}"


def decode_claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def is_problem(answer, status):
    """The one shape of errors."""
    if answer.status != status or answer.headers.get_content_type() != "application/problem+json":
        return False
    problem = answer.json()
    members = {"type", "title", "status", "detail", "error", "errors", "request_id", "timestamp"}
    return members <= problem.keys() and problem["status"] == status \
        and problem["request_id"] == answer.headers["X-Request-Id"]


def test_empty():
    with Daemon() as daemon:
        daemon.start()
        client = daemon.client()
        names = ("admin", "annotator", "annotationd", "root", "")
        words = ("admin", "password", "annotator", "annotationd", "changeme", "")
        statuses = {client.post("/api/v1/login", {"username": name, "password": word}).status
                    for name in names[:3] for word in words}
        tap.ok(statuses <= {401, 429}, "without an account no default name and password opens", statuses)
        tap.ok(is_problem(client.get("/api/v1/examples"), 401), "and nothing is shown without signing in")
        tap.equal(client.get("/healthz").status, 200, "while health is answered")


def test_login(daemon):
    client = daemon.client()
    answer = client.post("/api/v1/login", {"username": "ann", "password": PASSWORD})
    tap.equal(answer.status, 200, "login by JSON")
    body = answer.json()
    tap.equal((body["token_type"], body["expires_in"]), ("bearer", 28800), "bearer for eight hours")
    cookie = answer.headers["Set-Cookie"]
    tap.ok(all(part in cookie for part in ("annotationd_session=", "HttpOnly", "SameSite=Lax", "Path=/")),
           "an HttpOnly SameSite=Lax cookie comes along", cookie)
    tap.ok("Secure" not in cookie, "not Secure over plain HTTP")
    claims = decode_claims(body["access_token"])
    tap.ok({"sub", "exp", "iat", "jti", "roles", "scopes"} <= claims.keys(), "the token's claims", claims)
    tap.equal((claims["sub"], claims["roles"], claims["exp"] - claims["iat"]), ("ann", ["annotator"], 28800),
              "say who, what and how long")
    form = urllib.parse.urlencode({"username": "ann", "password": PASSWORD, "grant_type": "password"})
    tap.equal(client.post("/api/v1/login", form, headers=FORM).status, 200, "login by form")
    parts = "".join(f'--b0\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in (("username", "ann"), ("password", PASSWORD))) + "--b0--\r\n"
    answer = client.post("/api/v1/login", parts, headers={"Content-Type": "multipart/form-data; boundary=b0"})
    tap.equal(answer.status, 200, "login by multipart")
    tap.ok(is_problem(client.post("/api/v1/login", {"username": "ann", "password": "wrong-wrong"}), 401),
           "a wrong password is 401")
    tap.ok(is_problem(client.post("/api/v1/login", {"username": "nobody", "password": PASSWORD}), 401),
           "an unknown name is 401")
    wrong = client.post("/api/v1/login", {"username": "ann", "password": "wrong-wrong"}).json()
    unknown = client.post("/api/v1/login", {"username": "nobody", "password": "wrong-wrong"}).json()
    tap.equal(wrong["detail"], unknown["detail"], "and both say the same")
    tap.ok(is_problem(client.post("/api/v1/login", {"username": "ann"}), 422), "a missing password is 422")
    tap.equal(client.post("/api/v1/login", {"username": "ann"}).json()["errors"][0]["field"], "password",
              "which names the field")
    tap.ok(is_problem(client.post("/api/v1/login", {"username": 1, "password": PASSWORD}), 422), "a number is 422")
    tap.ok(is_problem(client.post("/api/v1/login", b"{", headers={"Content-Type": "application/json"}), 400),
           "broken JSON is 400")
    tap.ok(is_problem(client.post("/api/v1/login", b"x", headers={"Content-Type": "text/plain"}), 415),
           "another type is 415")
    tap.ok(is_problem(client.post("/api/v1/login", b"x" * 70000, headers={"Content-Type": "application/json"}), 413),
           "a body beyond the limit is 413")


def time_of_login(client, name):
    begun = time.monotonic()
    client.post("/api/v1/login", {"username": name, "password": "wrong-wrong"})
    return time.monotonic() - begun


def test_equal_cost(daemon):
    client = daemon.client()
    # In turns, so that what else the machine does meets both.
    known, unknown = (min(times) for times in zip(*(
        (time_of_login(client, "ben"), time_of_login(client, "bob")) for _ in range(3))))
    tap.ok(0.4 < known / unknown < 2.5, "an unknown name costs what a known one does", f"{known:.4f} {unknown:.4f}")


def test_tokens_of_others(daemon):
    now = int(time.time())
    good = {"sub": "ann", "jti": "x", "iat": now, "exp": now + 600, "roles": ["annotator"]}

    def status(token):
        return daemon.client(token).get("/api/v1/me").status

    tap.equal(status(sign(good)), 200, "a token signed with the configured secret is good")
    tap.equal(status(sign(good, secret="x" * 40)), 401, "of another secret it is not")
    tap.equal(status(sign({**good, "exp": now - 1})), 401, "nor an expired one")
    tap.equal(status(sign({**good, "iat": now + 600})), 401, "nor one that ended before it began")
    tap.equal(status(sign({**good, "nbf": now + 500})), 401, "nor one that is not to be used yet")
    tap.equal(status(sign({key: value for key, value in good.items() if key != "exp"})), 401, "nor one without end")
    head = encode(b'{"alg":"none","typ":"JWT"}')
    tap.equal(status(f"{head}.{encode(json.dumps(good).encode())}."), 401, "nor an unsigned one")
    tap.equal(status(sign(good, header={"alg": "HS512"})), 401, "nor one of another algorithm")
    tap.equal(status("annot_" + "A" * 43), 401, "nor a made-up API token")
    tap.equal(status("nonsense"), 401, "nor nonsense")
    answer = daemon.client().get("/api/v1/me", headers={"Authorization": "Basic YW5uOnB3"})
    tap.equal((answer.status, answer.headers["WWW-Authenticate"]), (401, "Bearer"), "nor another scheme")


def cookie_of(daemon, name):
    answer = daemon.client().post("/api/v1/login", {"username": name, "password": PASSWORD})
    return answer.headers["Set-Cookie"].split(";")[0]


def test_cookie(daemon):
    cookie = {"Cookie": "other=1; " + cookie_of(daemon, "ann") + "; last=2"}
    client = daemon.client()
    tap.equal(client.get("/api/v1/me", headers=cookie).json()["name"], "ann", "the cookie signs in")
    tap.ok(is_problem(client.post("/api/v1/examples/next", {"count": 1}, headers=cookie), 403),
           "a write by cookie alone is 403")
    token = client.get("/api/v1/csrf-token", headers=cookie).json()["csrf_token"]
    answer = client.post("/api/v1/examples/next", {"count": 1}, headers={**cookie, "X-CSRF-Token": token})
    tap.equal(answer.status, 204, "with its CSRF token it is let in")
    other = {"Cookie": cookie_of(daemon, "ben")}
    answer = client.post("/api/v1/examples/next", {"count": 1}, headers={**other, "X-CSRF-Token": token})
    tap.ok(is_problem(answer, 403), "another session's CSRF token is not good")
    tap.equal(client.post("/api/v1/login", {"username": "ann", "password": PASSWORD},
                          headers={"Cookie": "annotationd_session=stale"}).status, 200,
              "a stale cookie does not stand in the way of signing in")
    tap.equal(client.get("/api/v1/me", headers={"Cookie": "annotationd_session=stale"}).status, 401,
              "and signs nobody in")
    answer = client.post("/api/v1/logout", headers={**cookie, "X-CSRF-Token": token})
    tap.ok(answer.status == 200 and "Max-Age=0" in answer.headers["Set-Cookie"], "logout clears the cookie")
    tap.equal(client.get("/api/v1/me", headers=cookie).status, 401, "and ends the session at once")


def test_logout_elsewhere(daemon):
    client = daemon.login("ann", PASSWORD)
    tap.equal(client.post("/api/v1/logout").status, 200, "logout by bearer")
    tap.equal(client.get("/api/v1/me").status, 401, "its token is void")
    other = Daemon(daemon.config, directory=daemon.directory)
    other.config["http"] = {"listen": f"127.0.0.1:{other.port}"}
    other.config["broker"] = {"hard-examples-topic": "elsewhere"}
    other.write_config()
    with other:
        other.start()
        session = daemon.login("ann", PASSWORD)
        elsewhere = other.client(session.token)
        tap.equal(elsewhere.get("/api/v1/me").status, 200, "another instance of the same store knows the session")
        session.post("/api/v1/logout")
        tap.ok(wait_for(lambda: elsewhere.get("/api/v1/me").status == 401, timeout=8),
               "and learns of its end from the store")
        tap.equal(other.client(client.token).get("/api/v1/me").status, 401, "it read the ended ones at its start")


def test_roles(daemon, clients):
    document = clients["admin"].get("/api/v1/openapi.json").json()
    wrong = []
    checked = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not operation["security"]:
                continue
            target = path.replace("{id}", "no-such").replace("{name}", "no-such")
            arguments = {} if method == "get" else {"data": {}}
            anonymous = daemon.client().request(method.upper(), target, **arguments)
            if anonymous.status != 401:
                wrong.append(f"{method} {path} without an account: {anonymous.status}")
            for role, client in clients.items():
                checked += 1
                if operation["x-roles"] and role not in operation["x-roles"]:
                    answer = client.request(method.upper(), target, **arguments)
                    if not is_problem(answer, 403):
                        wrong.append(f"{method} {path} as {role}: {answer!r}")
    tap.ok(not wrong and checked > 80, "every route refuses whoever it is not for", "\n".join(wrong))


def test_accounts(daemon, admin):
    users = admin.get("/api/v1/users").json()["users"]
    tap.ok({"ann", "ben", "admin"} <= {user["name"] for user in users}, "an admin lists the accounts")
    tap.ok("password" not in json.dumps(users).replace("has_password", ""), "without their passwords")
    body = {"name": "eve", "password": PASSWORD, "roles": ["annotator", "producer"]}
    tap.equal(admin.post("/api/v1/users", body).status, 201, "an account is made")
    tap.ok(is_problem(admin.post("/api/v1/users", body), 409), "a taken name is 409")
    for change, field in (({"name": "a b"}, "name"), ({"name": "x" * 65}, "name"), ({"password": "short"}, "password"),
                          ({"roles": ["king"]}, "roles"), ({"roles": []}, "roles"), ({"roles": None}, "roles")):
        answer = admin.post("/api/v1/users", {**body, "name": "new", **change})
        tap.ok(is_problem(answer, 422) and answer.json()["errors"][0]["field"] == field, f"{change} is 422", answer)
    eve = daemon.login("eve", PASSWORD)
    made = eve.post("/api/v1/tokens", {"description": "script"}).json()
    robot = daemon.client(made["token"])
    tap.equal(robot.get("/api/v1/me").json()["roles"], ["annotator", "producer"], "the new account works")
    answer = admin.request("PATCH", "/api/v1/users/eve", {"roles": ["annotator"]})
    tap.equal(answer.json()["roles"], ["annotator"], "roles are changed")
    tap.equal(eve.get("/api/v1/me").status, 401, "which ends its sessions at once")
    tap.equal(robot.get("/api/v1/me").json()["roles"], ["annotator"], "and bounds its API tokens at once")
    eve = daemon.login("eve", PASSWORD)
    admin.request("PATCH", "/api/v1/users/eve", {"password": PASSWORD + "2"})
    tap.equal(eve.get("/api/v1/me").status, 401, "a new password ends sessions")
    eve = daemon.login("eve", PASSWORD + "2")
    admin.request("PATCH", "/api/v1/users/eve", {"disabled": True})
    tap.equal(eve.get("/api/v1/me").status, 401, "a disabled account's session is void")
    tap.equal(robot.get("/api/v1/me").status, 401, "and its API token")
    answer = daemon.client().post("/api/v1/login", {"username": "eve", "password": PASSWORD + "2"})
    tap.equal(answer.status, 401, "and it cannot sign in")
    admin.request("PATCH", "/api/v1/users/eve", {"disabled": False})
    eve = daemon.login("eve", PASSWORD + "2")
    tap.equal(eve.get("/api/v1/me").status, 200, "until it is enabled")
    tap.equal(admin.delete("/api/v1/users/eve").status, 200, "an account is removed")
    tap.equal((eve.get("/api/v1/me").status, admin.get("/api/v1/users/eve").status), (401, 404), "and is gone")
    tap.ok(is_problem(admin.delete("/api/v1/users/admin"), 409), "one's own account cannot be removed")
    tap.ok(is_problem(admin.request("PATCH", "/api/v1/users/admin", {"disabled": True}), 409), "nor disabled")
    tap.ok(is_problem(admin.request("PATCH", "/api/v1/users/nobody", {"disabled": True}), 404), "nobody is 404")


def test_api_tokens(daemon, admin, ann):
    made = ann.post("/api/v1/tokens", {"description": "Skript für die Küche"})
    tap.equal(made.status, 201, "an API token is made")
    token = made.json()
    tap.ok("." not in token["token"] and token["description"] == "Skript für die Küche", "opaque, with its purpose")
    tap.equal(daemon.client(token["token"]).get("/api/v1/me").json()["name"], "ann", "it works as Bearer")
    answer = daemon.client().get("/api/v1/me", headers={"Authorization": f"Token {token['token']}"})
    tap.equal(answer.json()["is_session"], False, "and as Token")
    listed = ann.get("/api/v1/tokens").json()["tokens"]
    tap.ok(listed[0]["id"] == token["id"] and token["token"] not in json.dumps(listed), "it is not shown again")
    with open(daemon.config["sqlite"]["path"], "rb") as file:
        tap.ok(token["token"].encode() not in file.read(), "nor does it stand in the store")
    tap.ok(is_problem(ann.post("/api/v1/tokens", {"roles": ["admin"]}), 422), "it cannot have more than its account")
    tap.ok(is_problem(ann.post("/api/v1/tokens", {"account": "ben"}), 403), "nor be another's")
    tap.ok(is_problem(daemon.client(token["token"]).post("/api/v1/tokens", {}), 403), "nor make others")
    tap.ok(is_problem(ann.post("/api/v1/tokens", {"expires_at": "2001-01-01T00:00:00Z"}), 422), "nor have ended")
    robot = daemon.client(admin.post("/api/v1/tokens", {"account": "rob", "roles": ["producer"]}).json()["token"])
    tap.equal(robot.post("/api/v1/examples", example("by-robot")).status, 201, "an admin makes one for a program")
    short = daemon.client(ann.post("/api/v1/tokens", {"expires_in": 3}).json()["token"])
    tap.ok(short.get("/api/v1/me").status == 200 and wait_for(lambda: short.get("/api/v1/me").status == 401, 4),
           "it ends when it says")
    tap.ok(is_problem(daemon.login("ben", PASSWORD).delete(f"/api/v1/tokens/{token['id']}"), 404),
           "another cannot revoke it")
    tap.equal(ann.delete(f"/api/v1/tokens/{token['id']}").status, 200, "it is revoked")
    tap.equal(daemon.client(token["token"]).get("/api/v1/me").status, 401, "and void at once")
    tap.ok({item["account"] for item in admin.get("/api/v1/tokens").json()["tokens"]} >= {"ann", "rob"},
           "an admin sees all")


def test_lockout(daemon):
    client = daemon.client()
    # The first wait is a second, which a busy machine may let go by; so there is another name.
    for name in ("lou", "leo"):
        statuses = [client.post("/api/v1/login", {"username": name, "password": f"wrong-{i}"}).status for i in range(7)]
        answer = client.post("/api/v1/login", {"username": name, "password": PASSWORD})
        if statuses[5:] == [429] * 2 and answer.status == 429:
            break
    tap.equal(statuses, [401] * 5 + [429] * 2, "after five failed sign-ins a name has to wait")
    tap.ok(is_problem(answer, 429) and int(answer.headers["Retry-After"]) >= 1,
           "also with the right password, for as long as Retry-After says", answer)
    tap.equal(client.post("/api/v1/login", {"username": "ben", "password": PASSWORD}).status, 200,
              "others from this address are not")
    time.sleep(int(answer.headers["Retry-After"]) + 0.1)
    tap.equal(client.post("/api/v1/login", {"username": name, "password": PASSWORD}).status, 200, "then it is let in")


def test_rates():
    limits = {"login": "3/min", "label": "4/min", "deletion": "2/h", "default": "6/min"}
    with Daemon({"limits": limits}) as daemon:
        daemon.add_user("ann", PASSWORD)
        daemon.add_user("com", PASSWORD, ["compliance_officer"])
        daemon.start()
        ann = daemon.login("ann", PASSWORD)
        com = daemon.login("com", PASSWORD)
        answers = [daemon.client().post("/api/v1/login", {"username": "ann", "password": PASSWORD}) for _ in range(2)]
        tap.equal([answer.status for answer in answers], [200, 429], "sign-ins are limited by address")
        tap.ok(is_problem(answers[1], 429) and int(answers[1].headers["Retry-After"]) > 0, "with Retry-After")
        answers = [ann.get("/api/v1/me") for _ in range(7)]
        tap.equal([answer.status for answer in answers], [200] * 6 + [429], "all else by account")
        tap.ok([answer.headers["RateLimit-Remaining"] for answer in answers[:6]] == ["5", "4", "3", "2", "1", "0"]
               and answers[0].headers["RateLimit-Limit"] == "6" and "RateLimit-Reset" in answers[0].headers,
               "RateLimit-* count down")
        tap.equal(com.get("/api/v1/me").status, 200, "another account has its own")
        body = {"corrected_detections": []}
        statuses = [ann.post("/api/v1/examples/none/label", body).status for _ in range(5)]
        tap.equal(statuses, [404] * 4 + [429], "labels have their own")
        statuses = [com.post("/api/v1/data-subject/delete", {"face_hash_id": "0" * 64}).status for _ in range(3)]
        tap.equal(statuses, [200] * 2 + [429], "erasures too")
        statuses = {Client(daemon.port).get(path).status for path in ("/healthz", "/readyz", "/health", "/metrics")
                    for _ in range(20)}
        tap.equal(statuses, {200}, "health and metrics have none")


def main():
    test_empty()
    with Daemon({"auth": {"secret": SECRET}, "limits": {"deletion": "100000/h"}}) as daemon:
        for name, roles in (("ann", ["annotator"]), ("ben", ["annotator"]), ("lou", ["annotator"]),
                            ("leo", ["annotator"]), ("rob", ["producer"]), ("com", ["compliance_officer"]),
                            ("admin", ["admin"])):
            daemon.add_user(name, PASSWORD, roles)
        daemon.start()
        ann = daemon.login("ann", PASSWORD)
        admin = daemon.login("admin", PASSWORD)
        clients = {"annotator": ann, "admin": admin, "producer": daemon.login("rob", PASSWORD),
                   "compliance_officer": daemon.login("com", PASSWORD)}
        test_login(daemon)
        test_cookie(daemon)
        test_tokens_of_others(daemon)
        test_roles(daemon, clients)
        test_accounts(daemon, admin)
        test_api_tokens(daemon, admin, ann)
        test_equal_cost(daemon)
        test_logout_elsewhere(daemon)
        test_lockout(daemon)
        tap.equal(daemon.stop(), 0, "the daemon ends well")
        tap.ok(PASSWORD not in daemon.log() and SECRET not in daemon.log(), "and no secret stands in its log")
    test_rates()
    tap.done()


main()
