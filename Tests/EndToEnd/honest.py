"""An honest client, to be run as a program beside an attack: it asks for reviews, mostly on one
connection and now and then on a new one, and writes when each was asked for and how long it took.

usage: honest.py PORT CA < REVIEW     Ends when its standard output is closed, or by a signal.
"""

import contextlib
import http.client
import ssl
import sys
import time

INTERVAL = 0.004
REQUESTS_A_CONNECTION = 5
PATIENCE = 30


def main(port, ca):
    review = sys.stdin.buffer.read()
    context = ssl.create_default_context(cafile=ca)
    connection, asked = None, 0
    while True:
        begin = time.monotonic()
        if connection is None or asked % REQUESTS_A_CONNECTION == 0:
            if connection:
                connection.close()
            connection = http.client.HTTPSConnection(
                "localhost", port, timeout=PATIENCE, context=context)
        status = "none"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request(
                "POST", "/validate?timeout=10s", review, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        if status == "none":
            connection = None
        asked += 1
        print(begin, time.monotonic() - begin, status, flush=True)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main(int(sys.argv[1]), sys.argv[2])
