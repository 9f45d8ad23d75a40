"""What README.md and docs/ show is what the program says."""

import json
import re
import shutil

import pytest
import yaml

import harness

README = (harness.ROOT / "README.md").read_text()
DOCUMENTS = {path.stem: path.read_text() for path in (harness.ROOT / "docs").glob("*.md")}
OPERATION = DOCUMENTS["operation"]
RULES = dict(re.findall(r"^## ([\w-]+)\n(.*?)(?=^## |\Z)", DOCUMENTS["rules"], re.M | re.S))
SCHEMA = json.loads((harness.ROOT / "deploy/schema/policy.json").read_text())


def table(header, text=OPERATION):
    """The rows below a table's header, as lists of cells."""
    lines = [*text.split(header + "\n", 1)[1].splitlines()[1:], ""]
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
    ("Sources/HTTP/Limits.swift", "unbudgetedBodyBytes", "32 KiB", 32 * 1024),
    ("Sources/HTTP/Limits.swift", "headBytes", "16 KiB", 16 << 10),
    ("Sources/HTTP/Limits.swift", "fieldCount", "100", 100),
    ("Sources/HTTP/Limits.swift", "targetBytes", "8 KiB", 8 << 10),
    ("Sources/HTTP/Limits.swift", "concurrentStreams", "100", 100),
    ("Sources/Server/Configuration.swift", "limits.bodyBytes", "4 MiB", 4 << 20),
    ("Sources/Server/Configuration.swift", "reviewMemory", "12 MiB", 12 << 20),
    ("Sources/Server/Configuration.swift", "checkQueueLength", "32", 32),
    ("Sources/Server/Configuration.swift", "tlsFileBytes", "1 MiB", 1 << 20),
    ("Sources/Server/Connection.swift", "subjectBytes", "1,024 bytes", 1024),
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


def test_every_alert_is_explained():
    said = [
        [rule["alert"], rule["labels"]["severity"],
         re.sub(r"{{.*?}}", "…", rule["annotations"]["summary"])]
        for group in yaml.safe_load(
            (harness.ROOT / "deploy/monitoring/rules.yaml").read_text())["groups"]
        for rule in group["rules"]]
    assert table("| Alert | Severity | It says |") == said


# What a person did, who is then told what the document shows.
ACTS = {
    "change-by-automation": "deployment-set-image-by-human",
    "no-debug-containers": "debug-ephemeral-container",
    "no-exec": "exec-by-developer",
    "no-in-place-change": "pod-update-image-in-place",
    "no-tunnel": "port-forward",
}


def parameters():
    """Each rule's parameters and their defaults, as the schema has them."""
    for branch in SCHEMA["properties"]["spec"]["allOf"]:
        rule = branch["if"]["properties"]["rule"]["const"]
        yield rule, {
            name: shape.get("default", []) for name, shape in
            branch["then"]["properties"]["parameters"]["properties"].items()}


def test_every_rule_has_a_section_and_its_sentence():
    for branch in SCHEMA["properties"]["spec"]["allOf"]:
        rule = branch["if"]["properties"]["rule"]["const"]
        sentence = branch["then"]["properties"]["parameters"].get("description", "")
        assert sentence in RULES[rule]
    assert list(RULES) == sorted(rule for rule, _ in parameters())


@pytest.mark.parametrize("rule, expected", list(parameters()))
def test_every_parameter_is_explained(rule, expected):
    rows = table("| Parameter | Default | |", RULES[rule])
    assert {name: yaml.safe_load(default) for name, default, _ in rows} == expected


def shown(rule, language):
    """The blocks of a section that are marked with a language; none for what is printed."""
    return [
        block for mark, block in re.findall(r"```(\w*)\n(.*?)```", RULES[rule], re.S)
        if mark == language]


@pytest.fixture(scope="module")
def denying(start, tmp_path_factory):
    """Answers reviews by one rule, which denies."""
    documents = harness.policy_documents(harness.ENFORCING)

    def decide(rule, review):
        folder = tmp_path_factory.mktemp(rule)
        (folder / "policy.yaml").write_text(documents[rule].replace("[Warn]", "[Deny]"))
        gate = start(policies=folder)
        answer = gate.decide(review)
        gate.stop()
        return answer

    return decide


def creation(manifest):
    item = yaml.safe_load(manifest)
    group = {"Deployment": "apps"}.get(item["kind"], "")
    return json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "5f2d1e0c-0000-4000-8000-000000000001",
            "kind": {"group": group, "version": "v1", "kind": item["kind"]},
            "resource": {
                "group": group, "version": "v1", "resource": item["kind"].lower() + "s"},
            **item["metadata"], "operation": "CREATE",
            "userInfo": {"username": "alice@example.com"}, "object": item}}).encode()


@pytest.mark.parametrize("rule", RULES)
def test_the_denials_shown_are_the_ones_given(rule, denying):
    if rule in ACTS:
        [printed] = [block for block in shown(rule, "") if block.startswith("$ kubectl")]
        answer = denying(rule, harness.review(ACTS[rule]))
        printed = printed.split("\n", 1)[1]
    else:
        denied, allowed = shown(rule, "yaml")
        [printed] = shown(rule, "")
        answer = denying(rule, creation(denied))
        assert denying(rule, creation(allowed)) == {"uid": answer["uid"], "allowed": True}
    assert printed == answer["status"]["message"] + "\n"


def printed_after(command, text=README):
    """What a document shows below a command, each time that it does."""
    return [part.split("```", 1)[0] for part in text.split(f"$ {command}\n")[1:]]


def asked(review):
    return (
        f"curl --cacert ca.crt --json @Tests/Fixtures/Reviews/{review}.json "
        "https://localhost:8443/validate")


def test_the_answers_shown_are_the_ones_given(start, tmp_path):
    """A denial, a warning, and an exception with its audit annotation, over TLS."""
    denial, excepted = printed_after(asked("exec-by-developer"))
    [warning] = printed_after(asked("port-forward"))
    documents = harness.policy_documents(harness.ENFORCING)
    (tmp_path / "policies.yaml").write_text(
        documents["no-exec"] + "---\n" + documents["no-tunnel"].replace("[Deny]", "[Warn]"))
    gate = start(policies=tmp_path)
    for name, text in [("exec-by-developer", denial), ("port-forward", warning)]:
        assert gate.validate(harness.review(name))[2].decode() + "\n" == text
    gate.stop()
    exception = next(
        block for block in DOCUMENTS["exceptions"].split("```yaml\n") if "incident" in block)
    (tmp_path / "exception.yaml").write_text(exception.split("```", 1)[0])
    gate = start(policies=tmp_path)
    assert gate.validate(harness.review("exec-by-developer"))[2].decode() + "\n" == excepted
    gate.stop()


def test_the_list_shown_is_the_one_printed(tmp_path):
    [shown_list] = printed_after("cattleguard policies list --policies policies")
    folder = tmp_path / "policies"
    shutil.copytree(harness.ROOT / "policies", folder)
    shutil.copy(harness.ROOT / "deploy/examples/exception.yaml", folder)
    done = harness.command("policies", "list", "--policies", "policies", cwd=tmp_path)
    assert done.stdout.decode() == shown_list


def test_the_refusal_shown_is_the_one_of_readyz(start, tmp_path):
    [shown_refusal] = printed_after("curl http://localhost:8080/readyz")
    folder = tmp_path / "policies"
    shutil.copytree(harness.ROOT / "policies", folder, ignore=shutil.ignore_patterns("tests"))
    gate = start(policies=folder)
    file = folder / "no-exec.yaml"
    file.write_text(file.read_text().replace("rule: no-exec", "rule: no-exce"))
    gate.wait_for_line(lambda line: line.get("msg", "").startswith("policies refused"))
    said = gate.get("/readyz")[2].decode()
    gate.stop()

    def constant(text):
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
        return text.replace(str(folder), "/etc/cattleguard/policies")

    assert constant(said) == constant(shown_refusal)


def test_the_kustomization_shown_is_one(tool, tmp_path):
    """The folders of Cattleguard beside one with files of one's own."""
    for folder in ["deploy", "policies"]:
        shutil.copytree(harness.ROOT / folder, tmp_path / "cattleguard" / folder)
    mine = tmp_path / "mine"
    mine.mkdir()
    block = DOCUMENTS["policies"].split("```yaml\n# mine/kustomization.yaml\n", 1)[1]
    (mine / "kustomization.yaml").write_text(block.split("```", 1)[0])
    (mine / "no-exec.yaml").write_text("spec: mine\n")
    shutil.copy(harness.ROOT / "deploy/examples/exception.yaml", mine / "exceptions.yaml")
    done = harness.run(tool("kubectl"), "kustomize", mine)
    assert done.returncode == 0, done.stderr
    made = {item["kind"]: item for item in yaml.safe_load_all(done.stdout)}
    policies = made["ConfigMap"]["data"]
    assert policies["no-exec.yaml"] == "spec: mine\n"
    assert len(policies) == len(RULES) + 1 and made["ConfigMap"]["immutable"] is True
    [container] = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][-1] == "--enforcement=advisory"
    webhook = made["ValidatingWebhookConfiguration"]["webhooks"][0]
    assert webhook["name"] == "objects.cattleguard.dev"
    assert webhook["rules"][-1]["resources"] == ["jobsets"]


def test_the_message_and_the_log_line_shown_are_the_ones_written(start, all_rules):
    gate = start(policies=all_rules)
    message = gate.decide(harness.review("pod-create-three-violations"))["status"]["message"]
    assert f"denied the request: {message}\n```" in README
    gate.decide(harness.review("exec-by-developer"))
    line = gate.wait_for_line(lambda line: line.get("operation") == "CONNECT")
    [text] = re.findall(r'^{.*"msg":"decision".*}$', README, re.M)
    gate.stop()
    varying = ["time", "durationMicroseconds"]
    assert {**json.loads(text), **{name: line[name] for name in varying}} == line


@pytest.mark.parametrize("document", ["policies", "exceptions"])
def test_the_documents_shown_are_valid(document, tmp_path):
    for path in (harness.ROOT / "policies").glob("*.yaml"):
        shutil.copy(path, tmp_path)
    blocks = re.findall(
        r"```yaml\n(apiVersion: cattleguard.*?)```", DOCUMENTS[document], re.S)
    assert len(blocks) == 2
    (tmp_path / "shown.yaml").write_text("---\n".join(blocks))
    done = harness.command("policies", "validate", tmp_path)
    assert done.returncode == 0 and b"warning" not in done.stdout, done.stdout
