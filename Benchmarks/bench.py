"""The whole benchmark, as Markdown: what `make bench` prints, and what docs/performance.md holds.

usage: see Scripts/bench
"""

import contextlib
import datetime
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import connections
import in_process
import over_tls
import servers

DOCUMENT = servers.ROOT / "docs/performance.md"
BEGIN, END = "<!-- make bench: begin -->\n", "<!-- make bench: end -->\n"
FOUR = ["image-digest", "read-only-root-filesystem", "no-exec", "no-ssh"]
# What Kubernetes' own webhook in Go costs a review (docs/performance.md), in µs.
GO_WEBHOOK_CPU = 144


class Tee(io.TextIOBase):
    """Writes to the standard output and keeps what it wrote."""

    def __init__(self):
        super().__init__()
        self.kept = io.StringIO()

    def write(self, text):
        sys.__stdout__.write(text)
        return self.kept.write(text)

    def flush(self):
        sys.__stdout__.flush()


def output(*command):
    """What a program prints, without the space around it."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).strip()


def describe():
    """Prints where, when and how the measurements are made."""
    processor = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    variables = " ".join(
        f"{name}={pathlib.Path(os.environ[name]).name}"
        for name in ("FULL", "CORPUS", "WITHOUT", "SECONDS_EACH", "ROUNDS")
        if os.environ.get(name))
    commit = output("git", "-C", servers.ROOT, "describe", "--always", "--dirty", "--tags")
    versions = [output("openssl", "version"), output("h2load", "--version")]
    if "nginx" not in over_tls.WITHOUT:
        versions.append(output("nginx", "-v").removeprefix("nginx version: "))
    print(f"- Command: `{variables}{' ' if variables else ''}make bench`, at commit {commit}")
    print(f"- Date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC")
    print(f"- Machine: {processor[1] if processor else os.uname().machine}, "
          f"{os.cpu_count()} processors, {system[1]}, Linux {os.uname().release}; load when it "
          f"began {os.getloadavg()[0]:.1f}")
    print(f"- Beside it: {', '.join(versions)}")
    for name in over_tls.WITHOUT:
        print(f"- **Left out by `WITHOUT`: {name}.**")


def in_process_tables(corpus):
    """Prints the stages' tables; returns the stages by the policies' name."""
    reviews = [corpus] if corpus else sorted(
        map(str, (servers.ROOT / "Tests/Fixtures/Reviews").iterdir()))
    found = {}
    print("\n### In the process")
    with tempfile.TemporaryDirectory() as four:
        for name in FOUR:
            shutil.copy(servers.ROOT / f"policies/{name}.yaml", four)
        for name, policies, options in (
                ("four rules, as shipped", four, []),
                ("twelve rules, as shipped", servers.ROOT / "policies", ["--rules"]),
                ("twelve rules, enforcing", servers.ENFORCING, [])):
            title, stages = in_process.measure(policies, reviews, *options)
            found[name] = stages
            print(f"\n**{name}**: {title}\n\n{in_process.table(stages)}", flush=True)
    return found


def goals(stages, loads, idle, ready, is_corpus):
    """Prints whether each goal is met."""
    print("\n### Goals\n\n| goal | measured | met |\n|---|---|---|")

    def goal(text, limit, measured, unit=""):
        """A goal that all figures, by what they are of, are within."""
        if not measured:
            print(f"| {text} | – | not measured |")
            return
        said = "; ".join(
            f"{what + ': ' if what else ''}{value:,.3g}{unit}" for what, value in measured.items())
        print(f"| {text} | {said} | {'yes' if max(measured.values()) <= limit else '**no**'} |")

    def ratios(load, figure):
        found = {name: each[*load, "cattleguard"].ratio(figure) for name, each in loads.items()}
        return {name: ratio for name, ratio in found.items() if ratio is not None}

    def gates(load, figure):
        return {name: getattr(each[*load, "cattleguard"].result, figure)
                for name, each in loads.items()}

    sixteen, sixty_four = ("HTTP/1.1", "16"), ("HTTP/1.1", "64")
    goal("CPU a review at most 1.25 × nginx's, 16 connections", 1.25, ratios(sixteen, "cpu"))
    goal("CPU a review at most a tenth of the Go webhook's 144 µs, 16 connections", GO_WEBHOOK_CPU / 10,
         gates(sixteen, "cpu"), " µs")
    of = "the median corpus review" if is_corpus else "the median recorded review"
    for name, limit in (("four rules, as shipped", 6), ("twelve rules, as shipped", 10)):
        review = stages[name]["review"]
        goal(f"{name}: {of} at most {limit} µs", limit, {"": review[1] / 1000}, " µs")
        if limit == 6:
            goal(f"{name}: {of} at most 8 allocations", 8, {"": review[5]})
    goal("at most 24 MB resident at 64 connections", 24,
         {name: size / 1e6 for name, size in gates(sixty_four, "resident").items()}, " MB")
    for protocol, limit in (("HTTP/1.1", 16), ("HTTP/2", 40)):
        goal(f"at most {limit} KiB for an idle connection, {protocol}", limit,
             {"": idle["cattleguard", protocol] / 1024}, " KiB")
    goal("ready at most 20 ms after the start", 20, {"": ready * 1000}, " ms")
    steady = ("HTTP/1.1", over_tls.STEADY_LOAD)
    slowest = min(gates(steady, "rate").values())
    note = "" if slowest > 0.95 * over_tls.STEADY_RATE else f" (only {slowest:,.0f}/s were sent)"
    goal(f"p99 at a steady {over_tls.STEADY_RATE:,} reviews/s at most 1.5 × nginx's{note}", 1.5,
         ratios(steady, "p99"))


def update(text):
    """Puts the output between the two marks of the document."""
    document = DOCUMENT.read_text()
    before, mark, rest = document.partition(BEGIN)
    _, other_mark, after = rest.partition(END)
    if not mark or not other_mark:
        sys.exit(f"{DOCUMENT} has no lines {BEGIN.strip()} and {END.strip()}")
    DOCUMENT.write_text(f"{before}{mark}\n{text.strip()}\n\n{other_mark}{after}")


def main():
    corpus = os.environ.get("CORPUS")
    tee = Tee()
    with contextlib.redirect_stdout(tee):
        describe()
        print("\n### Over TLS")
        loads = {body.stem: over_tls.measure(body) for body in over_tls.REVIEWS}
        print("\n### Connections\n")
        idle, ready = connections.measure()
        stages = in_process_tables(corpus)
        goals(stages, loads, idle, ready, bool(corpus))
    if os.environ.get("UPDATE"):
        update(tee.kept.getvalue())


if __name__ == "__main__":
    main()
