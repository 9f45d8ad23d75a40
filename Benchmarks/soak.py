"""A mixed load at a moderate rate, for as long as it is told: reviews over HTTP/1.1 and HTTP/2,
checks, scrapes, changed policies, swapped certificates, connections given up half-way and clients
that are slow. Every ten seconds a line; at the end a judgement, and exit code 1 where memory or
descriptors grew or an answer was wrong."""

import argparse
import collections
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/EndToEnd"))
import harness  # noqa: E402  pylint: disable=wrong-import-position

SLOPE = 1024
"""KiB an hour by which memory may grow over the last half."""
SPREAD = 16 << 10
"""KiB by which its maximum may be over its median: a large review that is being read."""
MANIFEST = b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: x}]}\n"


class Soak:
    def __init__(self, folder, seconds, rate):
        self.end = time.monotonic() + seconds
        self.rate = rate
        self.random = random.Random(1)
        self.statuses = collections.Counter()
        self.wrong = []
        self.lost = collections.Counter()
        self.times = []
        self.lock = threading.Lock()
        self.samples = []
        pairs = [folder / f"pair-{number}" for number in range(2)]
        for number, pair in enumerate(pairs):
            pair.mkdir()
            # Two authorities of one name would be one to a client, and only the first be tried.
            made = harness.command(
                "certificate", "--out", pair, "--host", f"pair-{number}", "--host", "localhost",
                "--host", "127.0.0.1")
            assert made.returncode == 0, made.stderr
        self.pairs = [
            {name: (pair / name).read_text() for name in ("tls.crt", "tls.key")}
            for pair in pairs]
        self.authorities = folder / "authorities.pem"
        self.authorities.write_text("".join(pair["tls.crt"] for pair in self.pairs))
        self.certificate = harness.MountedConfigMap(folder / "tls", self.pairs[0])
        self.text = harness.ENFORCING.read_text()
        self.policies = harness.MountedConfigMap(
            folder / "policies", {"policies.yaml": self.text})
        self.gate = harness.Gate(
            folder / "tls", folder / "policies", "--threads", "2", "--write-timeout", "3s",
            "--body-timeout", "3s")
        self.context = ssl.create_default_context(cafile=str(self.authorities))
        self.good = harness.review("exec-by-developer")
        self.large = harness.make_review(json.dumps(
            {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "<" * 300_000}}), "ConfigMap")

    # One thing of the mix each

    def note(self, kind, status, is_right, seconds):
        with self.lock:
            self.statuses[f"{kind} {status}"] += 1
            self.times.append(seconds)
            if status != 429 and not is_right:
                self.wrong.append(f"{kind} {status}")

    def ask(self, kind, connection, method, path, body, headers, expected):
        begin = time.monotonic()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.note(kind, answer.status, answer.status == 200 and expected in content,
                  time.monotonic() - begin)

    def reviews(self):
        connection = http.client.HTTPSConnection(
            "localhost", self.gate.admission_port, timeout=20, context=self.context)
        with contextlib.closing(connection):
            for _ in range(self.random.randrange(1, 200)):
                body = self.large if self.random.random() < 0.01 else self.good
                expected = b'"allowed":' if body is self.large else b'"allowed":false'
                self.ask("review", connection, "POST", "/validate?timeout=10s", body,
                         harness.KUBE_HEADERS, expected)
                time.sleep(1 / self.rate)

    def http2_reviews(self):
        curl = subprocess.run(
            ["curl", "--silent", "--http2", "--cacert", self.authorities, "--max-time", "20",
             "--header", "Content-Type: application/json", "--data-binary", "@-",
             "--write-out", "%{http_code}", f"https://localhost:{self.gate.admission_port}/validate"],
            input=self.good, capture_output=True, check=False)
        if curl.returncode:
            raise OSError(curl.returncode)
        self.note("http2", int(curl.stdout[-3:]), b'"allowed":false' in curl.stdout, 0)
        time.sleep(0.5)

    def service(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.gate.service_port, timeout=20)
        with contextlib.closing(connection):
            self.ask("check", connection, "POST", "/v1/check",
                     b"---\n".join([MANIFEST] * self.random.choice([1, 1, 500])),
                     {"Content-Type": "application/yaml"}, b"image-digest")
            self.ask("scrape", connection, "GET", "/metrics", None, {}, b"cattleguard_build_info")
        time.sleep(0.5)

    def rude(self):
        """Gives up in the middle, or reads nothing."""
        with contextlib.suppress(OSError):
            raw = harness.socket.create_connection(("127.0.0.1", self.gate.admission_port), 5)
            if self.random.random() < 0.3:
                raw.close()
                return
            with self.context.wrap_socket(raw, server_hostname="localhost") as connection:
                request = (b"POST /validate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json"
                           b"\r\nContent-Length: %d\r\n\r\n" % len(self.good)) + self.good
                connection.settimeout(0.5)
                if self.random.random() < 0.5:
                    connection.sendall(request[:self.random.randrange(len(request))])
                else:
                    connection.sendall(request * 200)
                time.sleep(self.random.random())
        time.sleep(0.2)

    def changes(self):
        number = self.random.randrange(1 << 30)
        self.policies.publish({"policies.yaml": f"{self.text}# {number}\n"})
        if self.random.random() < 0.2:
            time.sleep(0.5)
            self.policies.publish({"policies.yaml": "kind: Nonsense\n"})
        self.certificate.publish(self.pairs[number % 2])
        time.sleep(3)

    def forever(self, work):
        while time.monotonic() < self.end:
            try:
                work()
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.lost[f"{work.__name__}: {type(error).__name__}"] += 1
                time.sleep(0.05)

    # Looking on

    def sample(self):
        process = f"/proc/{self.gate.process.pid}"
        status = dict(
            line.split(":", 1) for line in pathlib.Path(f"{process}/status").read_text().splitlines())
        fields = pathlib.Path(f"{process}/stat").read_text().rpartition(")")[2].split()
        with self.lock:
            times, self.times = sorted(self.times), []
        return {
            "moment": time.monotonic(), "rss": int(status["VmRSS"].split()[0]),
            "fds": len(os.listdir(f"{process}/fd")), "threads": int(status["Threads"]),
            "cpu": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            "answers": len(times), "p99": times[len(times) * 99 // 100] * 1000 if times else 0}

    def run(self):
        work = [self.reviews] * 4 + [self.http2_reviews, self.service, self.rude, self.changes]
        threads = [threading.Thread(target=self.forever, args=(one,)) for one in work]
        start = self.sample()
        for thread in threads:
            thread.start()
        print("  seconds  RSS KiB  fds  threads  CPU s  answers  p99 ms")
        begin = time.monotonic()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(max(0, 10 / len(threads)))
            one = self.sample()
            self.samples.append(one)
            print(f"{one['moment'] - begin:9.0f} {one['rss']:8} {one['fds']:4} {one['threads']:8}"
                  f" {one['cpu']:6.1f} {one['answers']:8} {one['p99']:7.1f}", flush=True)
            if self.gate.process.poll() is not None:
                self.wrong.append("the server died")
                break
        return start

    def judge(self, start):
        time.sleep(5)
        end = self.sample()
        half = self.samples[len(self.samples) // 2:]
        rss = [one["rss"] for one in half]
        slope = 0
        if len(half) > 2:
            slope = statistics.linear_regression(
                [one["moment"] / 3600 for one in half], rss).slope
        spread = max(rss) - statistics.median(rss)
        hours = (half[-1]["moment"] - half[0]["moment"]) / 3600 if len(half) > 1 else 0
        faults = list(self.wrong[:5])
        # A short run has no slope to speak of: what it grew by is what counts.
        if slope > SLOPE and slope * hours > 2048:
            faults.append(f"memory grows by {slope:.0f} KiB an hour")
        if spread > SPREAD:
            faults.append(f"memory: the maximum is {spread:.0f} KiB over the median")
        if end["fds"] > start["fds"] + 2:
            faults.append(f"{start['fds']} descriptors before, {end['fds']} after")
        if end["threads"] != start["threads"]:
            faults.append(f"{start['threads']} threads before, {end['threads']} after")
        print(f"answers: {dict(sorted(self.statuses.items()))}; connections lost: {dict(self.lost)}")
        print(f"memory: median {statistics.median(rss):.0f} KiB, maximum {max(rss)}, slope "
              f"{slope:.0f} KiB an hour over the last half; descriptors {start['fds']}, at the end "
              f"{end['fds']}; CPU {end['cpu']:.0f} s")
        print("verdict: " + ("; ".join(faults) or "steady"))
        return not faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=50, help="reviews a second and client")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        soak = Soak(folder, options.minutes * 60, options.rate)
        try:
            good = soak.judge(soak.run())
        finally:
            soak.gate.kill()
    finally:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
