"""Measures the release program over TLS with h2load, beside nginx, which reads the same body and
sends as many bytes back without looking at either. One thread each.

CPU is the server's user and system time a request, from /proc: the least noisy figure there is.
usage: over_tls.py [REVIEW.json]
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BINARY = ROOT / ".build/release/cattleguard"
TICKS = os.sysconf("SC_CLK_TCK")
REQUESTS = int(os.environ.get("REQUESTS", "40000"))
RUNS = [("HTTP/1.1", ["--h1"], clients) for clients in (1, 16, 64)] + [
    ("HTTP/2", ["--max-concurrent-streams=1"], 16)]


def processes(parent):
    """A process and its children."""
    children = pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *map(int, children)]


def cpu_seconds(parent):
    total = 0
    for process in processes(parent):
        fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_megabytes(parent):
    """The resident memory of a process and its children; one that has just ended has none."""
    texts = [pathlib.Path(f"/proc/{process}/status").read_text() for process in processes(parent)]
    found = [re.search(r"VmRSS:\s+(\d+)", text) for text in texts]
    return sum(int(match[1]) for match in found if match) / 1024


def h2load(url, body, options, clients, requests, log):
    log.unlink(missing_ok=True)
    done = subprocess.run(
        ["h2load", f"--requests={requests}", f"--clients={clients}", f"--data={body}",
         "--header=content-type: application/json", f"--log-file={log}", *options, url],
        capture_output=True, text=True, check=True)
    if f"{requests} succeeded, 0 failed" not in done.stdout:
        sys.exit(f"requests failed:\n{done.stdout}")
    rate = float(re.search(r"([\d.]+) req/s", done.stdout)[1])
    latencies = sorted(int(line.split()[2]) for line in log.read_text().splitlines())
    return rate, statistics.median(latencies), latencies[len(latencies) * 99 // 100]


@contextlib.contextmanager
def cattleguard(work):
    server = subprocess.Popen(
        [BINARY, "serve", "--policies", ROOT / "deploy/overlays/enforcing/policies.yaml",
         "--admission-address", "https://127.0.0.1:0", "--service-address", "http://127.0.0.1:0",
         "--tls-certificate", work / "tls.crt", "--tls-private-key", work / "tls.key",
         "--threads", "1"],
        stderr=(work / "cattleguard.log").open("wb"))
    try:
        while not (found := re.search(
                rb'"admission":"([^"]+)"', (work / "cattleguard.log").read_bytes())):
            if server.poll() is not None:
                sys.exit((work / "cattleguard.log").read_text())
            time.sleep(0.01)
        yield found[1].decode() + "/validate", server.pid
    finally:
        server.terminate()
        server.terminate()
        server.wait()


@contextlib.contextmanager
def nginx(work, answer_bytes):
    """nginx with its echo module, which makes it read the body as we must."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (work / "nginx.conf").write_text(f"""
        load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
        daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/nginx.log;
        events {{ worker_connections 2048; }}
        http {{
            access_log off; keepalive_requests 100000000; client_body_buffer_size 1m;
            client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
            uwsgi_temp_path {work}; scgi_temp_path {work};
            server {{
                listen 127.0.0.1:{port} ssl http2;
                ssl_certificate {work}/tls.crt; ssl_certificate_key {work}/tls.key;
                ssl_protocols TLSv1.2 TLSv1.3;
                location / {{
                    default_type application/json;
                    echo_read_request_body; echo -n {"a" * answer_bytes};
                }}
            }}
        }}""")
    server = subprocess.Popen(["nginx", "-c", work / "nginx.conf", "-p", work])
    try:
        time.sleep(0.5)
        if server.poll() is not None:
            sys.exit("nginx did not start; see what it printed")
        yield f"https://127.0.0.1:{port}/validate", server.pid
    finally:
        server.terminate()
        server.wait()


def measure(name, url, pid, body, work):
    for protocol, options, clients in RUNS:
        h2load(url, body, options, clients, REQUESTS // 10, work / "latencies")
        before = cpu_seconds(pid)
        rate, median, tail = h2load(url, body, options, clients, REQUESTS, work / "latencies")
        cpu = (cpu_seconds(pid) - before) / REQUESTS * 1e6
        print(
            f"{name:<12} {protocol:<9} {clients:>7} {rate:>11,.0f} {median:>8,.0f} {tail:>8,.0f} "
            f"{cpu:>8.1f} {resident_megabytes(pid):>8.1f}", flush=True)


def main():
    default = ROOT / "Tests/Fixtures/Reviews/deployment-create-latest.json"
    body = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        subprocess.run(
            [BINARY, "certificate", "--out", work, "--host", "127.0.0.1"],
            check=True, stdout=subprocess.DEVNULL)
        print(f"{body.name}, {body.stat().st_size} bytes, {REQUESTS} requests each\n")
        print(
            f"{'server':<12} {'protocol':<9} {'clients':>7} {'requests/s':>11} {'p50 µs':>8} "
            f"{'p99 µs':>8} {'CPU µs':>8} {'RSS MB':>8}")
        with cattleguard(work) as (url, pid):
            measure("cattleguard", url, pid, body, work)
            answer = subprocess.run(
                ["curl", "--silent", "--insecure", "--header", "Content-Type: application/json",
                 "--data-binary", f"@{body}", url], capture_output=True, check=True).stdout
            json.loads(answer)
        if shutil.which("nginx"):
            with nginx(work, len(answer)) as (url, pid):
                measure("nginx", url, pid, body, work)


if __name__ == "__main__":
    main()
