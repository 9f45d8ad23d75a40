"""Metrics: what promtool and a real Prometheus say, and that the numbers are true."""

import contextlib
import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

import harness

EXPECTED = {
    "cattleguard_admission_reviews_total": "counter",
    "cattleguard_admission_review_duration_seconds": "histogram",
    "cattleguard_policy_violations_total": "counter",
    "cattleguard_admission_mirror_pods_total": "counter",
    "cattleguard_admission_uncovered_workloads_total": "counter",
    "cattleguard_policy_break_glass_total": "counter",
    "cattleguard_policy_exceptions_used_total": "counter",
    "cattleguard_policy_set_info": "gauge",
    "cattleguard_policy_reloads_total": "counter",
    "cattleguard_policy_reload_failures_total": "counter",
    "cattleguard_policy_last_reload_successful": "gauge",
    "cattleguard_policy_last_reload_success_timestamp_seconds": "gauge",
    "cattleguard_tls_certificate_expiry_timestamp_seconds": "gauge",
    "cattleguard_http_connections": "gauge",
    "cattleguard_http_requests_total": "counter",
    "cattleguard_requests_shed_total": "counter",
    "process_cpu_seconds_total": "counter",
    "process_resident_memory_bytes": "gauge",
    "process_open_fds": "gauge",
    "process_start_time_seconds": "gauge",
    "cattleguard_build_info": "gauge",
}


def families(text):
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_promtool_has_no_complaint(gate, tool):
    gate.assert_well()
    done = harness.run(tool("promtool"), "check", "metrics", input=gate.get("/metrics")[2])
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_promised_series_are_there(gate):
    status, headers, text = gate.get("/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found = families(text.decode())
    assert {name: found.get(name) for name in EXPECTED} == EXPECTED


def test_openmetrics_is_spoken_to_those_who_ask(gate):
    _, headers, text = gate.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith(b"# EOF\n")


def difference(before, after):
    return {
        name: value - before.get(name, 0) for name, value in after.items()
        if value != before.get(name, 0)}


def test_each_review_is_counted(gate):
    before = gate.metrics()
    for name in ["exec-by-developer", "pod-create-good", "pod-create-good"]:
        gate.decide(harness.review(name))
    changed = difference(before, gate.metrics())
    reviews = 'cattleguard_admission_reviews_total{operation="%s",decision="%s"}'
    assert changed[reviews % ("CONNECT", "denied")] == 1
    assert changed[reviews % ("CREATE", "allowed")] == 2
    assert changed["cattleguard_admission_review_duration_seconds_count"] == 3
    violations = [
        name for name in changed if name.startswith("cattleguard_policy_violations_total")]
    assert len(violations) == 1 and 'rule="no-exec"' in violations[0]


def test_reviews_that_are_refused_move_the_alert_on_them(gate):
    """Too large a review, with its length and without, is counted where the alert looks."""
    rules = (harness.ROOT / "deploy/monitoring/rules.yaml").read_text()
    assert 'listener="admission",route="/validate",\n          status_class=~"4xx|5xx"' in rules
    series = (
        'cattleguard_http_requests_total{listener="admission",route="%s",status_class="4xx"}')
    before = gate.metrics()
    body = b" " * (33 << 20)
    # The answer comes, and the connection goes, before all of the body is sent.
    for length in [b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]:
        with gate.connect() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(
                    b"POST /validate?timeout=5s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % length)
                connection.sendall(
                    b"%x\r\n" % len(body) if b"chunked" in length else b"")
                connection.sendall(body)
            [(status, _, _)] = harness.parse_answers(harness.receive_all(connection))
            assert status == 413
    changed = difference(before, gate.metrics())
    assert changed[series % "/validate"] == 2
    assert series % "other" not in changed


def test_mirror_pods_are_counted(gate):
    before = gate.metrics()
    gate.decide(harness.review("mirror-pod-create-by-node"))
    assert difference(before, gate.metrics())["cattleguard_admission_mirror_pods_total"] == 1


def test_strangers_make_no_series(gate):
    """Names, namespaces, users, paths and errors are never labels."""
    before = set(gate.metrics())
    for index in range(20):
        gate.get(f"/stranger-{index}")
        gate.validate(b"stranger")
        gate.decide(harness.make_review(
            '{"spec":{}}', namespace=f"stranger-{index}", name=f"stranger-{index}",
            userInfo={"username": f"stranger-{index}", "groups": []}))
        gate.request(f"STRANGER{index}", "/validate", service=False)
    after = gate.metrics()
    assert len(set(after) - before) < 10
    assert "stranger" not in "".join(after).lower()


def test_the_certificate_is_watched(gate):
    expiry = gate.metrics()["cattleguard_tls_certificate_expiry_timestamp_seconds"]
    said = harness.run("openssl", "x509", "-in", gate.ca, "-noout", "-enddate").stdout.decode()
    written = time.strptime(said.strip().removeprefix("notAfter="), "%b %d %H:%M:%S %Y %Z")
    assert abs(expiry - time.mktime(written) + time.timezone) < 2


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def prometheus(gate, tool, tmp_path):
    """A Prometheus that scrapes the server, with the alerts of deploy/monitoring."""
    port = free_port()
    config = tmp_path / "prometheus.yaml"
    config.write_text(json.dumps({
        "global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(harness.ROOT / "deploy/monitoring/rules.yaml")],
        "scrape_configs": [{
            "job_name": "cattleguard",
            "static_configs": [{"targets": [f"127.0.0.1:{gate.service_port}"]}]}]}))
    process = subprocess.Popen(
        [tool("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL, stderr=(tmp_path / "log").open("wb"))
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def query(prometheus, expression):
    url = f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]["result"]
    return []


def test_prometheus_scrapes_it(gate, prometheus):
    gate.decide(harness.review("exec-by-developer"))
    end = time.monotonic() + harness.WAIT
    denied = 'sum(cattleguard_admission_reviews_total{decision="denied"}) > 0'
    while not (found := query(prometheus, denied)):
        assert time.monotonic() < end, "never scraped"
        time.sleep(0.2)
    assert float(found[0]["value"][1]) >= 1
    assert query(prometheus, "up{job='cattleguard'}")[0]["value"][1] == "1"
    assert query(prometheus, "scrape_samples_scraped")[0]["value"][1] != "0"


def dashboard_expressions():
    dashboard = json.loads((harness.ROOT / "deploy/monitoring/dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_alerts_and_dashboard_name_series_that_there_are(gate):
    known = families(gate.get("/metrics")[2].decode())
    rules = (harness.ROOT / "deploy/monitoring/rules.yaml").read_text()
    for name in re.findall(r"\bcattleguard_\w+", rules + " ".join(dashboard_expressions())):
        assert re.sub("_(bucket|sum|count)$", "", name) in known, name


def test_promtool_understands_the_alerts_and_the_dashboard(tool, tmp_path):
    rules = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{index}", "expr": expression.replace("$__rate_interval", "5m")}
        for index, expression in enumerate(dashboard_expressions())]}]}
    file = tmp_path / "dashboard.yaml"
    file.write_text(json.dumps(rules))
    monitoring = harness.ROOT / "deploy/monitoring"
    done = harness.run(tool("promtool"), "check", "rules", file, monitoring / "rules.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    done = harness.run(tool("promtool"), "test", "rules", monitoring / "rules.test.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
