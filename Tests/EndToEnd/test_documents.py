"""The tables of README.md are what the program says."""

import re
import shutil

import pytest

import harness

README = (harness.ROOT / "README.md").read_text()


def table(header):
    """The rows below a table's header, as lists of cells."""
    lines = README.split(header + "\n", 1)[1].splitlines()[1:]
    rows = lines[:next(index for index, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def test_every_metric_is_explained(start, enforcing, tmp_path):
    """With an exception, so that its series show their labels."""
    for path in [enforcing / "policies.yaml", harness.ROOT / "deploy/examples/exception.yaml"]:
        shutil.copy(path, tmp_path)
    gate = start(policies=tmp_path)
    gate.decide(harness.review("exec-by-developer"))
    text = gate.get("/metrics")[2].decode()
    gate.stop()
    helps = dict(re.findall(r"^# HELP (\w+) (.*)$", text, re.M))
    said = [
        [name, kind, ", ".join(f"`{label}`" for label in labels(text, name)).strip("`"),
         helps[name]]
        for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)]
    assert table("| Metric | Type | Labels | |") == said


def labels(text, family):
    sample = re.search(rf"^{family}(?:_bucket)?\{{(.*?)\}} ", text, re.M)
    return [name for name in re.findall(r'(\w+)="', sample[1] if sample else "") if name != "le"]


def test_every_option_is_explained():
    text = harness.command("serve", "--help", env={"COLUMNS": "1000"}).stdout.decode()
    options = dict(re.findall(r"^  (--[\w-]+)(.*)$", text, re.M))
    del options["--version"]
    rows = {row[0]: row[1:] for row in table("| Option | Variable | Default | |")}
    assert list(rows) == list(options)
    for option, (variable, default, _) in rows.items():
        assert variable == "CATTLEGUARD_" + option[2:].replace("-", "_").upper()
        said = re.search(r"\(default: (.*?)\)", options[option])
        assert not said or default == said[1]


def test_the_report_shown_is_the_one_printed():
    command = ".build/release/cattleguard check --policies deploy/overlays/enforcing/policies.yaml"
    shown = README.split(f"$ {command}", 1)[1].split("```", 1)[0].splitlines()[1:]
    done = harness.command(*command.split()[1:], "deploy/examples/bad.yaml", cwd=harness.ROOT)
    printed = done.stdout.decode().splitlines()
    end = shown.index("$ echo $?")
    assert [line for line in shown[:end] if line != "⋮" and line not in printed] == []
    assert shown[end + 1] == str(done.returncode)


LIMITS = [
    ("Sources/HTTP/Limits.swift", "bodyBytes", "32 MiB", 32 << 20),
    ("Sources/HTTP/Limits.swift", "unbudgetedBodyBytes", "64 KiB", 64 << 10),
    ("Sources/HTTP/Limits.swift", "headBytes", "16 KiB", 16 << 10),
    ("Sources/HTTP/Limits.swift", "fieldCount", "100", 100),
    ("Sources/HTTP/Limits.swift", "targetBytes", "8 KiB", 8 << 10),
    ("Sources/HTTP/Limits.swift", "concurrentStreams", "100", 100),
    ("Sources/Server/Configuration.swift", "limits.bodyBytes", "8 MiB", 8 << 20),
    ("Sources/Server/Configuration.swift", "bodyBudgetBytes", "256 MiB", 256 << 20),
    ("Sources/Server/Configuration.swift", "checkQueueLength", "32", 32),
    ("Sources/Server/PolicyFolder.swift", "fileBytes", "4 MiB", 4 << 20),
    ("Sources/cattleguard/CheckCommand.swift", "fileBytes", "64 MiB", 64 << 20),
    ("Sources/Report/Check.swift", "listed", "10,000", 10_000),
]


@pytest.mark.parametrize("file, name, said, value", LIMITS, ids=lambda field: str(field))
def test_the_limits_are_those_of_the_source(file, name, said, value):
    source = (harness.ROOT / file).read_text()
    written = re.search(rf"\b{re.escape(name)} = ([\d_ *<]+)$", source, re.M)[1]
    assert eval(written) == value  # pylint: disable=eval-used
    rows = table("| Limit | Admission | Service | Past it |")
    assert any(said in cell for row in rows for cell in row)
