#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shipped nginx example in front of the daemon: page, live line, submit and secure cookie over TLS and HTTP/2."""

from annotator import Keys, Page, Tap, make_daemon, need, wait_for
from annotationd_harness import example
from servers import Certificates, Nginx, Unavailable


def check(tap):
    with make_daemon(http={"trusted-proxies": "127.0.0.1"}) as daemon, Nginx([daemon.port], Certificates()) as nginx:
        with Page(daemon, insecure=True) as page:
            page.url = f"https://localhost:{nginx.port}/"
            tap.ok(page.sign_in("ann"), "sign in through the proxy; the live line is upgraded")
            protocol = page.run("return performance.getEntriesByType('navigation')[0].nextHopProtocol")
            tap.equal(protocol, "h2", "the page is served by HTTP/2")
            cookies = [item for item in page.browser.get_cookies() if item["name"] == "annotationd_session"]
            tap.ok(
                cookies and cookies[0]["secure"] and cookies[0]["httpOnly"],
                "the session cookie is for TLS alone",
                cookies,
            )
            daemon.feed([example("proxy-1")])
            tap.ok(page.wait_current("proxy-1", 2), "an example arrives live")
            page.press(Keys.ENTER)
            done = wait_for(lambda: daemon.read_topic("labeled-examples"))
            tap.equal([item["event_id"] for item in done or []], ["proxy-1"], "and its answer goes out")
            status = page.run("""const request = new XMLHttpRequest(); request.open("GET", "/metrics", false);
                request.send(); return request.status;""")
            tap.equal(status, 404, "figures and health are not for the outside")
            tap.equal(page.problems(("404",)), [], "no policy violation and no error in the console")


def main():
    need()
    tap = Tap()
    try:
        check(tap)
    except Unavailable as reason:
        Tap.skip_all(reason)
    tap.done()


if __name__ == "__main__":
    main()
