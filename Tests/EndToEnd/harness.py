"""Starts the program as a user would and speaks to it, byte by byte where that is the point."""

import contextlib
import gzip
import http.client
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CATTLEGUARD_BINARY", ROOT / ".build/release/cattleguard"))
REVIEWS = ROOT / "Tests/Fixtures/Reviews"
ENFORCING = ROOT / "deploy/overlays/enforcing/policies.yaml"
KUBE_HEADERS = {
    "User-Agent": "kube-apiserver-admission",
    "Accept": "application/json, */*",
    "Content-Type": "application/json",
    "Accept-Encoding": "gzip",
}
WAIT = 20
"""Seconds that a test waits for what should take milliseconds; machines are sometimes busy."""


def run(*arguments, **options):
    """Runs a program to its end and returns its output, whatever its exit code."""
    options.setdefault("timeout", 120)
    return subprocess.run(
        [str(argument) for argument in arguments], capture_output=True, **options)


def command(*arguments, **options):
    """Runs `cattleguard` to its end."""
    return run(BINARY, *arguments, **options)


def is_sanitized():
    """Whether the program is built to find faults, and keeps memory that was freed."""
    program = BINARY.read_bytes()
    return any(name in program for name in (b"__asan_init", b"__tsan_init"))


def review(name):
    """The bytes of a recorded review, as the API server sent them."""
    path = REVIEWS / f"{name}.json"
    return path.read_bytes() if path.exists() else gzip.decompress(
        (REVIEWS / f"{name}.json.gz").read_bytes())


def review_names():
    return sorted(path.name.split(".json")[0] for path in REVIEWS.glob("*.json*"))


def make_review(body, kind="Pod", operation="CREATE", old=None, **request):
    """An AdmissionReview of `body`, the JSON text of an object, in the API server's key order."""
    plural = {
        "Pod": "pods", "PodExecOptions": "pods", "PodProxyOptions": "pods",
        "ConfigMap": "configmaps", "Secret": "secrets", "Service": "services"}[kind]
    head = json.dumps({
        "uid": "5f2d1e0c-0000-4000-8000-000000000001",
        "kind": {"group": "", "version": "v1", "kind": kind},
        "resource": {"group": "", "version": "v1", "resource": plural},
        "name": "thing", "namespace": "shop", "operation": operation,
        "userInfo": {"username": "alice@example.com", "groups": ["developers"]}, **request})
    body = body if isinstance(body, bytes) else body.encode()
    old = (old or "null") if isinstance(old or "", bytes) else (old or "null").encode()
    return (
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":'
        + head[:-1].encode() + b',"object":' + body + b',"oldObject":' + old
        + b',"dryRun":false,"options":null}}')


def policy_documents(path):
    """The documents of a file of policies, as they are written, by the rule each is of."""
    documents = re.split(r"^---\n", path.read_text(), flags=re.MULTILINE)
    return {
        match[1]: document for document in documents
        if (match := re.search(r"^  rule: ([\w-]+)$", document, flags=re.MULTILINE))}


class Gate:
    """A running server."""

    def __init__(self, certificate, policies, *options, service_scheme="http", environment=None):
        self.certificate = certificate
        self.process = subprocess.Popen(
            [str(BINARY), "serve", "--policies", str(policies),
             "--admission-address", "https://127.0.0.1:0",
             "--service-address", f"{service_scheme}://127.0.0.1:0",
             "--tls-certificate", str(certificate / "tls.crt"),
             "--tls-private-key", str(certificate / "tls.key"), *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})})
        self.lines = []
        self._queue = queue.Queue()
        threading.Thread(target=self._read_log, daemon=True).start()
        try:
            ready = self.wait_for_line(lambda line: line.get("msg") == "ready")
        except AssertionError:
            self.kill()
            raise
        self.admission = ready["admission"]
        self.service = ready["service"]

    def _read_log(self):
        for line in self.process.stderr:
            self._queue.put(line)
        self._queue.put(None)

    def wait_for_line(self, matches, seconds=WAIT):
        """The first log line, from those not yet looked at, that matches."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such log line; the log: {self.lines}") from None
            if line is None:
                raise AssertionError(f"the server ended; its log: {self.lines}")
            self.lines.append(json.loads(line))
            if matches(self.lines[-1]):
                return self.lines[-1]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=WAIT):
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends the server at once, by two signals; it must not have crashed before. Two of a kind
        may arrive as one."""
        assert self.process.poll() is None, f"the server died: {self.lines[-3:]}"
        self.signal(signal.SIGTERM)
        with contextlib.suppress(ProcessLookupError):
            self.signal(signal.SIGINT)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    # Addresses

    @property
    def ca(self):
        return self.certificate / "tls.crt"

    @property
    def admission_port(self):
        return urllib.parse.urlsplit(self.admission).port

    @property
    def service_port(self):
        return urllib.parse.urlsplit(self.service).port

    # Clients

    def tls_context(self, *protocols):
        context = ssl.create_default_context(cafile=str(self.ca))
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    def connect(self, timeout=WAIT, context=None, receive_buffer=0):
        """A TLS connection to the admission listener; with little room for answers if told so."""
        raw = socket.socket()
        try:
            raw.settimeout(timeout)
            if receive_buffer:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            raw.connect(("127.0.0.1", self.admission_port))
            return (context or self.tls_context()).wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise

    def connect_service(self, timeout=WAIT):
        return socket.create_connection(("127.0.0.1", self.service_port), timeout=timeout)

    def request(self, method, path, body=None, headers=None, service=True):
        """One request on a connection of its own: status, headers, body."""
        if service:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.service_port, timeout=WAIT)
        else:
            connection = http.client.HTTPSConnection(
                "localhost", self.admission_port, timeout=WAIT, context=self.tls_context())
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def get(self, path, **headers):
        return self.request("GET", path, headers=headers)

    def validate(self, body, headers=KUBE_HEADERS):
        return self.request("POST", "/validate?timeout=5s", body, headers, service=False)

    def decide(self, body):
        """The `response` of the answer to a review, which must be one."""
        status, headers, answer = self.validate(body)
        assert status == 200, answer
        assert headers["Content-Type"] == "application/json"
        decision = json.loads(answer)
        assert set(decision) == {"apiVersion", "kind", "response"}
        return decision["response"]

    def check(self, body, path="/v1/check", content_type="application/yaml", **headers):
        return self.request(
            "POST", path, body, {"Content-Type": content_type, **headers})

    def assert_well(self):
        """Whatever was done to it, the server lives and decides."""
        assert self.process.poll() is None, self.lines[-3:]
        assert self.decide(review("exec-by-developer"))["allowed"] is False
        assert self.decide(review("pod-create-good"))["allowed"] is True

    def metrics(self):
        """The samples of a scrape, by name with labels."""
        samples = {}
        for line in self.get("/metrics")[2].decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples


class MountedConfigMap:
    """A folder as the kubelet mounts a ConfigMap: links by way of `..data`, itself a link to a
    hidden folder, which is replaced as a whole."""

    def __init__(self, folder, files):
        self.folder = folder
        self._version = 0
        folder.mkdir()
        self.publish(files)

    def publish(self, files):
        """Replaces the content: texts by the files' names."""
        self._version += 1
        version = f"..2026_11_23_{self._version:06}"
        (self.folder / version).mkdir()
        for name, text in files.items():
            (self.folder / version / name).write_text(text)
        data, new = self.folder / "..data", self.folder / "..data_tmp"
        former = data.readlink() if data.is_symlink() else None
        new.symlink_to(version)
        new.rename(data)
        there = {path.name for path in self.folder.iterdir() if not path.name.startswith("..")}
        for name in files.keys() - there:
            (self.folder / name).symlink_to(f"..data/{name}")
        for name in there - files.keys():
            (self.folder / name).unlink()
        if former:
            shutil.rmtree(self.folder / former)


def receive_all(connection):
    """What comes until the peer closes; a reset is a way of closing."""
    received = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError, BrokenPipeError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def parse_answers(received):
    """The answers in a stream of HTTP/1.1 bytes: a list of status, headers, body."""
    answers = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator, f"half an answer: {head[:200]}"
        status_line, *fields = head.decode("latin-1").split("\r\n")
        version, status = status_line.split(" ")[:2]
        assert version == "HTTP/1.1", status_line
        headers = {
            name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
        length = int(headers.get("content-length", 0))
        if int(status) == 100:
            length = 0
        assert len(received) >= length, "half a body"
        answers.append((int(status), headers, received[:length]))
        received = received[length:]
    return answers


def decision_of(response):
    """What a review's answer says, without the words: allowed, and (rule, field) of each cause."""
    causes = response.get("status", {}).get("details", {}).get("causes", [])
    return response["allowed"], sorted((cause["reason"], cause.get("field", "")) for cause in causes)
