"""Measures reviews inside the process: time, allocations and instructions by stage, as Markdown.

Time and allocations come from a run of the benchmark itself, instructions from one under
callgrind, which counts them exactly, on any machine, however noisy it is.
usage: in_process.py [--rules] POLICIES REVIEW...
"""

import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BENCHMARK = pathlib.Path(__file__).parent / ".build/release/ReviewBenchmark"
COLUMNS = ["ns p50", "p90", "mean", "instructions, mean", "allocations p50", "p90"]


def unpacked(policies, reviews, work):
    """The arguments that the benchmark takes: the policies in one file, no file compressed."""
    policies = pathlib.Path(policies)
    files = sorted(policies.glob("*.yaml")) if policies.is_dir() else [policies]
    (work / "policies.yaml").write_text("\n---\n".join(file.read_text() for file in files))
    arguments = [work / "policies.yaml"]
    for path in map(pathlib.Path, reviews):
        if path.suffix == ".gz":
            (work / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
            path = work / path.stem
        arguments.append(path)
    return arguments


def rows(output):
    """The benchmark's first line, and by stage what it printed in columns."""
    title, _, *lines = output.splitlines()
    return title, {stage: list(map(int, cells)) for stage, *cells in (
        line.split("\t") for line in lines)}


def instructions(arguments, work):
    """The instructions of a review, by stage."""
    # Callgrind would spend its time on the debug information.
    stripped = shutil.copy(BENCHMARK, work / "benchmark")
    subprocess.run(["strip", stripped], check=True)
    done = subprocess.run(
        ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
         f"--callgrind-out-file={work}/callgrind", stripped, *arguments],
        stdout=subprocess.PIPE, text=True, check=True)
    reviews = {stage: cells[0] for stage, cells in rows(done.stdout)[1].items()}
    totals = {}
    for part in work.glob("callgrind*"):
        text = part.read_text()
        label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        if label:
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
            totals[label[1]] = int(total[1])
    return {
        stage: (totals[stage] - totals.get(f"{stage} less", 0)) // count
        for stage, count in reviews.items() if count}


def measure(policies, reviews, *options):
    """What was measured, and by stage: reviews, the three times, instructions, allocations."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        arguments = [*options, *unpacked(policies, reviews, work)]
        output = subprocess.run(
            [BENCHMARK, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
        counted = instructions(arguments, work)
    title, timed = rows(output)
    return title, {
        stage: [cells[0], *cells[1:4], counted[stage], *cells[4:]]
        for stage, cells in timed.items() if cells[0]}


def table(stages):
    """A table in Markdown."""
    lines = ["| stage | reviews | " + " | ".join(COLUMNS) + " |",
             "|---|" + "--:|" * (len(COLUMNS) + 1)]
    for stage, cells in stages.items():
        lines.append(f"| {stage} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    return "\n".join(lines)


def main():
    arguments = sys.argv[1:]
    options = [argument for argument in arguments if argument == "--rules"]
    policies, *reviews = arguments[len(options):]
    title, stages = measure(policies, reviews, *options)
    print(f"{title}\n\n{table(stages)}")


if __name__ == "__main__":
    main()
