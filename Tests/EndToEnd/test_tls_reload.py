"""Certificates, keys and client authorities that change while the server serves."""

import contextlib
import http.client
import os
import re
import signal
import ssl
import threading
import time

import pytest

import harness

EXPIRY = "cattleguard_tls_certificate_expiry_timestamp_seconds"
RELOADS = "cattleguard_tls_reloads_total"
FAILURES = "cattleguard_tls_reload_failures_total"
SUCCESSFUL = "cattleguard_tls_last_reload_successful"
SUCCESS = "cattleguard_tls_last_reload_success_timestamp_seconds"
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


# Material

def openssl(*arguments):
    made = harness.run("openssl", *arguments)
    assert made.returncode == 0, made.stderr
    return made.stdout


class Authority:
    """Signs certificates with the openssl command."""

    def __init__(self, folder, name):
        folder.mkdir()
        self.folder = folder
        self.file = folder / "ca.crt"
        openssl("req", "-x509", *CURVE, "-keyout", folder / "ca.key", "-out", self.file,
                "-subj", f"/CN={name}", "-days", "2",
                "-addext", "keyUsage=critical,keyCertSign,digitalSignature")

    def issue(self, name, usage="serverAuth", days=1, subject=None):
        """The texts of a new certificate and its key."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        certificate, extensions = self.folder / f"{name}.crt", self.folder / f"{name}.ext"
        extensions.write_text(
            f"subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage={usage}\n"
            "authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
        openssl("req", "-new", *CURVE, "-utf8", "-keyout", key, "-out", request,
                "-subj", subject or f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.file,
                "-CAkey", self.folder / "ca.key", "-days", days, "-extfile", extensions,
                "-out", certificate)
        return {"tls.crt": certificate.read_text(), "tls.key": key.read_text()}


class Material:
    """What the tests of this file share, made once."""

    def __init__(self, folder):
        self.server_ca = Authority(folder / "server", "server-ca")
        self.a = self.server_ca.issue("a")
        self.b = self.server_ca.issue("b", days=2)
        self.expired = self.server_ca.issue("old", days=-1)
        self.for_clients = self.server_ca.issue("client", usage="clientAuth")
        self.first_ca = Authority(folder / "first", "first-ca")
        self.second_ca = Authority(folder / "second", "second-ca")
        self.first_ca.issue("kube-apiserver", "clientAuth", subject="/O=first/CN=kube-apiserver")
        self.second_ca.issue("kube-apiserver", "clientAuth", subject="/O=second/CN=kube-apiserver")


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    return Material(tmp_path_factory.mktemp("tls"))


class TLSGate(harness.Gate):
    """A server whose certificate an authority has signed, and whose clients may have to show
    theirs."""

    authority = None
    identity = None

    @property
    def ca(self):
        return self.authority.file

    def tls_context(self, *protocols, identity=None):
        context = super().tls_context(*protocols)
        identity = identity or self.identity
        if identity:
            context.load_cert_chain(
                identity.folder / "kube-apiserver.crt", identity.folder / "kube-apiserver.key")
        return context


@pytest.fixture
def begin(enforcing, material):
    """Starts servers that end with the test."""
    with contextlib.ExitStack() as stack:
        def begin(folder, *options, delay="20ms", identity=None):
            gate = TLSGate(folder, enforcing, "--reload-delay", delay, *options)
            gate.authority, gate.identity = material.server_ca, identity
            stack.callback(gate.stop)
            return gate

        yield begin


@pytest.fixture
def folder(tmp_path, material):
    """A folder with the first certificate and its key."""
    folder = tmp_path / "tls"
    folder.mkdir()
    put(folder, material.a)
    return folder


def put(folder, files):
    """Writes one file after the other, in place."""
    for name, text in files.items():
        (folder / name).write_text(text)


# What is seen

def der(pair):
    return ssl.PEM_cert_to_DER_cert(pair["tls.crt"])


def shown(gate):
    """The certificate that a new connection is shown."""
    with gate.connect() as connection:
        return connection.getpeercert(binary_form=True)


def end_of(pair):
    """When a certificate ends, in seconds since 1970."""
    said = harness.run(
        "openssl", "x509", "-noout", "-enddate", input=pair["tls.crt"].encode()).stdout.decode()
    return ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))


def reloaded(gate):
    return gate.wait_for_line(lambda line: line["msg"] == "TLS files reloaded")


def refused(gate):
    return gate.wait_for_line(lambda line: line["msg"].startswith("TLS files refused"))


def assert_in_use(gate, pair):
    """New connections, on every loop, get this certificate, and all that is told says so."""
    assert {shown(gate) for _ in range(8)} == {der(pair)}
    metrics = gate.metrics()
    assert metrics[EXPIRY] == end_of(pair)
    assert metrics[SUCCESSFUL] == 1
    assert gate.get("/readyz")[2] == b"ready\n"


@contextlib.contextmanager
def kept_connection(gate, context=None):
    """An HTTP connection that must not be opened again unseen."""
    connection = http.client.HTTPSConnection(
        "localhost", gate.admission_port, timeout=harness.WAIT,
        context=context or gate.tls_context())
    connection.connect()
    connection.auto_open = 0
    with contextlib.closing(connection):
        yield connection


def ask(connection):
    """One review on a kept connection: the answer's headers."""
    connection.request(
        "POST", "/validate", harness.review("pod-create-good"), harness.KUBE_HEADERS)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    answer.read()
    return answer.headers


# Certificates

def test_a_mounted_secret_is_swapped(begin, material, tmp_path):
    mount = harness.MountedConfigMap(tmp_path / "tls", material.a)
    gate = begin(mount.folder)
    assert_in_use(gate, material.a)
    with kept_connection(gate) as connection:
        ask(connection)
        mount.publish(material.b)
        line = reloaded(gate)
        assert_in_use(gate, material.b)
        assert "connection" not in ask(connection)
        assert connection.sock.getpeercert(binary_form=True) == der(material.a)
    ends = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(end_of(material.b)))
    assert line["expires"] == ends
    seen = harness.run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{gate.admission_port}",
        "-CAfile", gate.ca, "-verify_return_error", input=b"").stdout.decode()
    assert "subject=CN = b" in seen and "Verify return code: 0 (ok)" in seen


def test_files_are_written_in_place(begin, material, folder):
    gate = begin(folder, delay="300ms")
    put(folder, material.b)
    reloaded(gate)
    assert_in_use(gate, material.b)
    put(folder, dict(reversed(material.a.items())))
    reloaded(gate)
    assert_in_use(gate, material.a)
    # Between one file and the other nothing was read.
    assert gate.metrics()[FAILURES] == 0


def test_files_may_be_in_different_folders(begin, material, tmp_path):
    folders = [tmp_path / "certificate", tmp_path / "key", tmp_path / "authority"]
    for place in folders:
        place.mkdir()
    certificate, key, authority = (
        folders[0] / "tls.crt", folders[1] / "tls.key", folders[2] / "ca.crt")

    def publish(pair):
        key.write_text(pair["tls.key"])
        certificate.write_text(pair["tls.crt"])

    publish(material.a)
    authority.write_text(material.first_ca.file.read_text())
    gate = begin(folders[0], "--tls-private-key", key, "--tls-client-ca", authority,
                 delay="200ms", identity=material.first_ca)
    publish(material.b)
    reloaded(gate)
    assert shown(gate) == der(material.b)
    authority.write_text(material.second_ca.file.read_text())
    assert reloaded(gate)["clientAuthorities"] == "changed"
    gate.identity = material.second_ca
    assert_in_use(gate, material.b)


REFUSALS = {
    "another key": (
        lambda m: {"tls.key": m.b["tls.key"]}, "tls.key",
        "matching the private key with the certificate: key values mismatch"),
    "expired": (
        lambda m: m.expired, "tls.crt", "checking the certificate: it expired on .* GMT"),
    "for clients": (
        lambda m: m.for_clients, "tls.crt",
        "checking the certificate: it is not for servers: its extended key usage says so"),
    "garbage": (
        lambda m: {"tls.crt": "garbage\n"}, "tls.crt",
        "reading the certificate chain: not PEM: there is no BEGIN line"),
    "half of it": (
        lambda m: {"tls.crt": m.b["tls.crt"][:300]}, "tls.crt",
        "reading the certificate chain: .*"),
    "empty": (
        lambda m: {"tls.key": ""}, "tls.key",
        "reading the private key: not PEM: there is no BEGIN line"),
    "mixed up": (
        lambda m: {"tls.crt": m.a["tls.key"], "tls.key": m.a["tls.crt"]}, "tls.crt",
        "reading the certificate chain: no certificate in the PEM text"),
    "gone": (
        lambda m: {"tls.crt": None}, "tls.crt", "cannot be read: No such file or directory"),
    "too large": (
        lambda m: {"tls.crt": "x" * (1 << 20) + "x"}, "tls.crt",
        "cannot be read: File too large"),
}


@pytest.fixture(scope="module")
def tried(enforcing, material, tmp_path_factory):
    """A server, and the folder of its files."""
    folder = tmp_path_factory.mktemp("tls")
    put(folder, material.a)
    gate = TLSGate(folder, enforcing, "--reload-delay", "50ms")
    gate.authority = material.server_ca
    yield gate, folder
    gate.stop()


@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_used_leaves_the_old_in_use(tried, material, name):
    gate, folder = tried
    change, file, reason = REFUSALS[name]
    before = gate.metrics()
    for path, text in change(material).items():
        if text is None:
            (folder / path).unlink()
        else:
            (folder / path).write_text(text)
    # What was read between one file and the other is of no interest.
    line = gate.wait_for_line(
        lambda line: line["msg"].startswith("TLS files refused")
        and re.fullmatch(reason, line["reason"]))
    assert line["msg"] == "TLS files refused, the old certificate stays in use"
    assert (line["level"], line["file"]) == ("warning", str(folder / file))
    assert "PRIVATE" not in str(line)

    status, _, text = gate.get("/readyz")
    head, detail = text.decode().splitlines()
    assert status == 200
    assert re.fullmatch(
        r"ready, but not by the TLS files that are there: at \S+Z they were refused, and the "
        rf"certificate of \S+Z, which expires at {line['expires']}, stays in use", head)
    assert re.fullmatch(f"{folder}/{file}: {reason}", detail)
    after = gate.metrics()
    assert after[FAILURES] > before[FAILURES]
    assert after[SUCCESSFUL] == 0
    assert after[SUCCESS] == before[SUCCESS]
    assert after[EXPIRY] == end_of(material.a)
    assert {shown(gate) for _ in range(4)} == {der(material.a)}

    # Taken back, the files are again those in use, since when they were.
    put(folder, material.a)
    back = gate.wait_for_line(lambda line: line["msg"] == "TLS files unchanged")
    assert back["since"] == line["since"]
    assert_in_use(gate, material.a)


def test_the_same_content_is_not_loaded_again(begin, material, tmp_path):
    mount = harness.MountedConfigMap(tmp_path / "tls", material.a)
    gate = begin(mount.folder)
    mount.publish(material.a)
    time.sleep(0.5)
    assert gate.metrics()[RELOADS] == 0


def test_sighup_has_them_read(begin, material, folder):
    gate = begin(folder, delay="1h")
    gate.signal(signal.SIGHUP)
    gate.wait_for_line(lambda line: line["msg"] == "TLS files unchanged")
    put(folder, material.b)
    gate.signal(signal.SIGHUP)
    reloaded(gate)
    assert_in_use(gate, material.b)
    put(folder, {"tls.key": material.a["tls.key"]})
    for _ in range(2):
        gate.signal(signal.SIGHUP)
        refused(gate)
    metrics = gate.metrics()
    assert (metrics[RELOADS], metrics[FAILURES]) == (4, 2)
    assert {line["msg"] for line in gate.lines} >= {"policies unchanged"}


@pytest.mark.parametrize("name, reason", [
    ("expired", "checking the certificate: it expired on"),
    ("for_clients", "checking the certificate: it is not for servers")])
def test_nobody_is_served_by_a_certificate_that_none_would_take(
        enforcing, material, folder, name, reason):
    put(folder, getattr(material, name))
    ended = harness.command(
        "serve", "--policies", enforcing, "--admission-address", "https://127.0.0.1:0",
        "--service-address", "http://127.0.0.1:0", "--tls-certificate", folder / "tls.crt",
        "--tls-private-key", folder / "tls.key")
    assert ended.returncode == 1
    assert f"{folder}/tls.crt: {reason}".encode() in ended.stderr


def resume(gate, context, session):
    """Whether a new connection resumes a session, and the certificate shown."""
    raw = harness.socket.create_connection(("127.0.0.1", gate.admission_port), harness.WAIT)
    with context.wrap_socket(raw, server_hostname="localhost", session=session) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        return connection.session_reused, connection.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tickets_outlive_a_certificate(begin, material, folder, version):
    gate = begin(folder, delay="200ms")
    context = gate.tls_context()
    context.maximum_version = version
    is_resumed, session = resume(gate, context, None)
    assert not is_resumed
    put(folder, material.b)
    reloaded(gate)
    assert resume(gate, context, session)[0]


# Client authorities

@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_client_authorities_are_swapped(begin, material, tmp_path, version):
    first, second = (
        {**material.a, "ca.crt": authority.file.read_text()}
        for authority in (material.first_ca, material.second_ca))
    mount = harness.MountedConfigMap(tmp_path / "tls", first)
    gate = begin(mount.folder, "--tls-client-ca", mount.folder / "ca.crt",
                 identity=material.first_ca)
    context = gate.tls_context()
    context.maximum_version = version
    assert resume(gate, context, None)[0] is False
    _, session = resume(gate, context, None)
    is_resumed, session = resume(gate, context, session)
    assert is_resumed
    with kept_connection(gate, context) as connection:
        assert "connection" not in ask(connection)
        mount.publish(second)
        assert reloaded(gate)["clientAuthorities"] == "changed"
        # What is open is answered, and then ends.
        assert ask(connection)["connection"] == "close"
    for ticket in (None, session):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            resume(gate, context, ticket)
    gate.identity = material.second_ca
    gate.assert_well()
    users = [line for line in gate.lines if line["msg"] == "decision"]
    assert {line["client"] for line in users} <= {"CN=kube-apiserver,O=first"}
    line = gate.wait_for_line(
        lambda line: line["msg"] == "decision" and line["client"].endswith("second"))
    assert line["client"] == "CN=kube-apiserver,O=second"
    assert line["user"]

    # A certificate of none of them is refused, and so is a client without.
    for identity in (material.first_ca, None):
        stranger = gate.tls_context(identity=identity) if identity \
            else ssl.create_default_context(cafile=str(gate.ca))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            resume(gate, stranger, None)

    mount.publish({**first, "ca.crt": "garbage"})
    assert refused(gate)["file"] == str(mount.folder / "ca.crt")
    gate.assert_well()


def test_http2_clients_of_former_authorities_are_sent_away(begin, material, tool, tmp_path):
    files = {**material.a, "ca.crt": material.first_ca.file.read_text()}
    mount = harness.MountedConfigMap(tmp_path / "tls", files)
    gate = begin(mount.folder, "--tls-client-ca", mount.folder / "ca.crt",
                 identity=material.first_ca)
    with gate.connect(context=gate.tls_context("h2")) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\4\0" + bytes(4))
        connection.recv(1000)
        mount.publish({**files, "ca.crt": material.second_ca.file.read_text()})
        received = b""
        while b"\x07\0\0\0\0\0" not in received:
            chunk = connection.recv(1000)
            assert chunk, "no GOAWAY"
            received += chunk
        # Nothing more may be asked, and nothing is waited for: the first GOAWAY names the last
        # stream, and the connection ends without a word from the client.
        while chunk := connection.recv(1000):
            received += chunk
        goaway = received.index(b"\x07\0\0\0\0\0") + 6
        assert received[goaway:goaway + 8] == bytes(8)


def test_the_subject_is_told_as_rfc_2253_writes_it(begin, material, folder):
    (folder / "ca.crt").write_text(material.first_ca.file.read_text())
    gate = begin(folder, "--tls-client-ca", folder / "ca.crt", identity=material.first_ca)
    subjects = {
        "/O=Über \\/ Söhne/CN=a,b\\+c\"": 'CN=a\\,b\\+c\\",O=\\C3\\9Cber / S\\C3\\B6hne',
        "/O=x/CN=line\nbreak": "CN=line\\0Abreak,O=x",
        "/CN=" + "/CN=".join(["c" * 60] * 16): ",".join(["CN=" + "c" * 60] * 16),
        "/O=1/CN=" + "/CN=".join(["c" * 60] * 16): "(1027 bytes)",
    }
    for number, (subject, text) in enumerate(subjects.items()):
        name = f"strange-{number}"
        material.first_ca.issue(name, "clientAuth", subject=subject)
        context = ssl.create_default_context(cafile=str(gate.ca))
        context.load_cert_chain(
            material.first_ca.folder / f"{name}.crt", material.first_ca.folder / f"{name}.key")
        with kept_connection(gate, context) as connection:
            ask(connection)
        line = gate.wait_for_line(lambda line: line["msg"] == "decision")
        assert line["client"] == text


def test_without_client_authorities_nobody_is_named(begin, material, folder):
    gate = begin(folder, identity=material.first_ca)
    with kept_connection(gate) as connection:
        ask(connection)
    assert "client" not in gate.wait_for_line(lambda line: line["msg"] == "decision")


# Under load

SWAPS = 500
CLIENTS = 2


class Client(threading.Thread):
    """Does something again and again until it is told to end."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action = action
        self.count = 0
        self.failure = None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.action()
                self.count += 1
                # Leaves the swaps, which share an interpreter with this, their turn.
                time.sleep(0.002)
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def end(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise self.failure


def resident_kilobytes(gate):
    with open(f"/proc/{gate.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])


def descriptors(gate):
    return len(os.listdir(f"/proc/{gate.process.pid}/fd"))


def test_five_hundred_swaps_under_load_harm_no_connection(begin, material, tmp_path, capsys):
    pairs = [material.a, material.b]
    ends = [end_of(pair) for pair in pairs]
    ders = [der(pair) for pair in pairs]
    mount = harness.MountedConfigMap(tmp_path / "tls", material.a)
    gate = begin(mount.folder, "--threads", "2", delay="2ms")
    seen = set()
    fresh = gate.tls_context()

    def shake_hands():
        with gate.connect(context=fresh) as connection:
            certificate = connection.getpeercert(binary_form=True)
            assert certificate in ders
            seen.add(certificate)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert harness.receive_all(connection).endswith(b"ok\n")

    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(kept_connection(gate)) for _ in range(CLIENTS)]
        clients = [Client(lambda connection=connection: ask(connection)) for connection in kept]
        clients.append(Client(shake_hands))
        service = http.client.HTTPConnection(
            "127.0.0.1", gate.service_port, timeout=harness.WAIT)
        stack.callback(service.close)

        def expiry():
            service.request("GET", "/metrics")
            text = service.getresponse().read().decode()
            return float(re.search(rf"^{EXPIRY} (\S+)$", text, flags=re.MULTILINE)[1])

        assert expiry() == ends[0]
        for client in clients:
            client.start()
        begin_time = time.monotonic()
        for number in range(1, SWAPS + 1):
            mount.publish(pairs[number % 2])
            end = time.monotonic() + harness.WAIT
            while expiry() != ends[number % 2]:
                assert time.monotonic() < end, f"swap {number} never came"
                time.sleep(0.001)
            if number == SWAPS // 5:
                memory = resident_kilobytes(gate)
        took = time.monotonic() - begin_time
        for client in clients:
            client.end()
        memory_after = resident_kilobytes(gate)
        metrics = gate.metrics()
        # As many as a server has that never saw a swap, but for what is closing just now.
        other = begin(mount.folder, "--threads", "2")
        other.signal(signal.SIGHUP)
        other.wait_for_line(lambda line: line["msg"] == "TLS files unchanged")
        open_files = descriptors(other) + CLIENTS + 1
        end = time.monotonic() + harness.WAIT
        while descriptors(gate) != open_files:
            assert time.monotonic() < end, (descriptors(gate), open_files)
            time.sleep(0.01)

    counts = [client.count for client in clients]
    with capsys.disabled():
        print(f"\n{SWAPS} swaps in {took:.1f} s; {sum(counts[:-1])} reviews on {CLIENTS} "
              f"connections, {counts[-1]} handshakes; memory after {SWAPS // 5} swaps {memory} kB, "
              f"after all {memory_after} kB")
    assert seen == set(ders)
    assert min(counts) > SWAPS // 10
    assert metrics[RELOADS] == SWAPS
    assert metrics[FAILURES] == 0
    assert metrics['cattleguard_tls_handshake_failures_total{listener="admission"}'] == 0
    assert metrics['cattleguard_http_connections_accepted_total{listener="admission"}'] \
        == CLIENTS + counts[-1]
    assert memory_after < memory + 2048 or harness.is_sanitized()
