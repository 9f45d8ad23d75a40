"""`cattleguard` on the command line: what it prints, where it points, how it ends."""

import json
import os
import re

import pytest

import harness

POLICIES = harness.ROOT / "policies"
EXAMPLES = harness.ROOT / "deploy/examples"


def check(*arguments, **options):
    return harness.command("check", *arguments, **options)


def test_the_bad_example_is_denied_line_by_line(enforcing):
    """Each place that is named is the line that a person has to change."""
    bad = EXAMPLES / "bad.yaml"
    done = check("--policies", enforcing, bad)
    assert done.returncode == 1, done.stderr
    places = {
        (int(line), rule)
        for line, rule in re.findall(
            r"bad\.yaml:(\d+):\d+.*?(image-digest|read-only-root-filesystem|no-ssh)",
            done.stdout.decode())}
    lines = bad.read_text().splitlines()
    number = lambda text: next(i for i, line in enumerate(lines, 1) if text in line)  # noqa: E731
    assert {
        (number("shop-migrate"), "image-digest"),
        (number("readOnlyRootFilesystem: false"), "read-only-root-filesystem"),
        (number("shop:latest"), "image-digest"),
        (number("openssh-server:9.7"), "image-digest"),
        (number("openssh-server:9.7"), "no-ssh"),
        (number("containerPort: 22"), "no-ssh"),
        (number("targetPort: 22"), "no-ssh"),
    } <= places


def test_the_good_example_passes(enforcing):
    done = check("--policies", enforcing, EXAMPLES / "good.yaml")
    assert done.returncode == 0, done.stdout


def test_a_folder_and_standard_input_are_read_alike(enforcing, tmp_path):
    bad = (EXAMPLES / "bad.yaml").read_bytes()
    (tmp_path / "bad.yaml").write_bytes(bad)
    reports = [
        check("--policies", enforcing, "--format", "json", tmp_path),
        check("--policies", enforcing, "--format", "json", tmp_path / "bad.yaml"),
        check("--policies", enforcing, "--format", "json", "-", input=bad)]
    assert [done.returncode for done in reports] == [1, 1, 1]
    found = [
        [{key: value for key, value in violation.items() if key != "file"}
         for violation in json.loads(done.stdout)["findings"]] for done in reports]
    assert found[0] == found[1] == found[2] != []


@pytest.mark.parametrize(
    "arguments, code",
    [
        ([EXAMPLES / "bad.yaml"], 0),  # the shipped policies are advisory
        (["--fail-on", "warn", EXAMPLES / "bad.yaml"], 1),
        (["--fail-on", "warn", EXAMPLES / "good.yaml"], 0),
        ([EXAMPLES / "missing.yaml"], 2),
        (["--fail-on", "warn", EXAMPLES / "bad.yaml", EXAMPLES / "missing.yaml"], 2),
        (["--format", "nonsense", EXAMPLES / "good.yaml"], 2),
        (["--nonsense"], 2),
        ([], 2),
    ])
def test_exit_codes(arguments, code):
    done = check("--policies", POLICIES, *arguments)
    assert done.returncode == code, (done.stdout, done.stderr)


@pytest.mark.parametrize(
    "redirection, reason",
    [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
@pytest.mark.parametrize(
    "arguments", [["check", str(EXAMPLES / "good.yaml")], ["policies", "list"]], ids=" ".join)
def test_a_report_that_cannot_be_written_is_no_success(arguments, redirection, reason):
    done = harness.run(
        "sh", "-c", f'exec "$0" "$@" {redirection}', harness.BINARY, *arguments,
        "--policies", POLICIES)
    assert done.returncode == 2
    assert done.stderr.decode() == f"standard output cannot be written: {reason}\n"


@pytest.mark.parametrize("name", ["Bad NS", "-shop", "shop-", "s" * 64, "kube_system"])
@pytest.mark.parametrize("variable", [False, True], ids=["option", "variable"])
def test_a_name_that_no_namespace_can_have_is_refused(name, variable, enforcing):
    arguments = ["--policies", enforcing, EXAMPLES / "good.yaml"]
    environment = dict(os.environ)
    if variable:
        environment["CATTLEGUARD_NAMESPACE"] = name
    else:
        arguments.append(f"--namespace={name}")
    done = check(*arguments, env=environment)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(
        "Error: --namespace is at most 63 lower-case letters, digits and dashes, with a letter "
        "or digit at both ends\nUsage: cattleguard check ")


def test_the_longest_namespace_is_taken(enforcing):
    done = check("--policies", enforcing, "--namespace", "s" * 63, EXAMPLES / "good.yaml")
    assert done.returncode == 0, done.stderr


def test_an_unreadable_document_ends_with_2_and_says_where(enforcing):
    done = check("--policies", enforcing, "-", input=b"apiVersion: v1\nkind: Pod\na: [\n")
    assert done.returncode == 2
    assert re.search(rb":\d+:\d+", done.stderr + done.stdout)


BAD_POLICIES = {
    "an unknown rule": ("rule: no-exec", "rule: no-exce", "no-exec"),
    "an unknown key": ("validationActions", "validationAction", "validationActions"),
    "an unknown parameter": ("allowedUsers", "allowedUser", "allowedUsers"),
    "a wrong type": ("allowedUsers: []", "allowedUsers: alice", "list"),
    "contradicting actions": ("[Deny]", "[Deny, Warn]", "Warn"),
    "no actions": ("[Deny]", "[]", ""),
    "an unknown action": ("[Deny]", "[Denny]", "Deny"),
    "a duplicate key": ("  rule: no-exec", "  rule: no-exec\n  rule: no-exec", "rule"),
}
POLICY = """apiVersion: cattleguard.dev/v1
kind: Policy
metadata:
  name: shells
spec:
  rule: no-exec
  validationActions: [Deny]
  parameters:
    allowedUsers: []
"""


@pytest.mark.parametrize("name", BAD_POLICIES)
def test_a_bad_policy_is_an_error_with_its_place_and_a_hint(name, tmp_path):
    old, new, hint = BAD_POLICIES[name]
    (tmp_path / "shells.yaml").write_text(POLICY.replace(old, new))
    done = check("--policies", tmp_path, EXAMPLES / "good.yaml")
    assert done.returncode == 2
    said = done.stderr.decode()
    assert re.search(r"shells\.yaml:\d+:\d+", said), said
    assert hint in said


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["check", "--policies", "{tmp}/none", "-"],
         "the policies cannot be read: {tmp}/none: No such file or directory\n"),
        (["check", "--policies", "{tmp}", "-"],
         "{tmp}: holds no *.yaml, *.yml or *.json; write a policy into it\n"),
        (["serve", "--policies", "{tmp}", "--admission-address", "http://127.0.0.1:0"],
         "{tmp}: holds no *.yaml, *.yml or *.json; write a policy into it\n"),
        (["policies", "show", "--policies", str(POLICIES), "no-exce"],
         f"Error: There is no policy 'no-exce' in {POLICIES} (did you mean \"no-exec\"?)\n"
         "Usage: cattleguard policies show [--policies <path>] [--enforcement <cap>] "
         "[--format <format>] <name>\n"),
        (["serve", "--policies", str(POLICIES)],
         "Error: An https address needs --tls-certificate and --tls-private-key; "
         "`cattleguard certificate` makes a pair to try with\n"
         "Usage: cattleguard serve <options>\n"),
    ])
def test_messages_say_what_and_where_and_what_to_do(arguments, said, tmp_path):
    done = harness.command(*(argument.format(tmp=tmp_path) for argument in arguments), input=b"")
    assert done.returncode == 2
    assert done.stderr.decode() == said.format(tmp=tmp_path)


@pytest.mark.parametrize(
    "text, status, code, said",
    [
        (b"{apiVersion: v1, kind: List}", 400, 2, b"no Kubernetes object found"),
        (b"{apiVersion: v1, kind: List, items: {}}", 400, 2,
         b"expected an array of items, found an object"),
        (b"{apiVersion: v1, kind: Bundle, items: [{apiVersion: v1, kind: Pod, "
         b"metadata: {name: hidden}, spec: {containers: [{name: c, image: x}]}}]}", 200, 1,
         b"hidden"),
    ], ids=["no items", "items of another kind", "no list by its kind"])
def test_the_service_takes_lists_apart_as_the_command_does(
        text, status, code, said, start, enforcing):
    done = check("--policies", enforcing, "-", input=text)
    assert done.returncode == code
    assert said in done.stdout
    gate = start(policies=enforcing)
    answer = gate.check(text)
    assert answer[0] == status
    assert said in answer[2]
    gate.stop()


def test_two_policies_of_one_name_are_an_error(tmp_path):
    (tmp_path / "a.yaml").write_text(POLICY)
    (tmp_path / "b.yaml").write_text(POLICY)
    done = check("--policies", tmp_path, EXAMPLES / "good.yaml")
    assert done.returncode == 2
    assert b"b.yaml:" in done.stderr and b"shells" in done.stderr


def test_no_policy_is_an_error(tmp_path):
    assert check("--policies", tmp_path, EXAMPLES / "good.yaml").returncode == 2


def test_policies_are_listed_and_validated():
    listed = harness.command("policies", "list", "--policies", POLICIES)
    assert listed.returncode == 0, listed.stderr
    for policy in POLICIES.glob("*.yaml"):
        assert policy.stem.encode() in listed.stdout
    validated = harness.command("policies", "validate", POLICIES)
    assert validated.returncode == 0, validated.stderr


def test_the_readme_lists_the_rules_that_there_are():
    done = harness.command("policies", "list", "--format", "markdown", cwd=harness.ROOT)
    table = done.stdout.decode().strip()
    assert table, "no table"
    assert table in (harness.ROOT / "README.md").read_text()


def test_an_option_may_be_an_environment_variable(enforcing):
    done = check(
        EXAMPLES / "bad.yaml", env={**os.environ, "CATTLEGUARD_POLICIES": str(enforcing)})
    assert done.returncode == 1, done.stderr


def test_check_and_the_list_of_policies_have_formats_of_their_own(enforcing):
    environment = {
        **os.environ, "CATTLEGUARD_POLICIES": str(enforcing), "CATTLEGUARD_FORMAT": "text",
        "CATTLEGUARD_POLICIES_FORMAT": "markdown"}
    listed = harness.command("policies", "list", env=environment)
    assert listed.stdout.startswith(b"| Rule |"), listed.stderr
    checked = check(EXAMPLES / "good.yaml", env=environment)
    assert checked.returncode == 0, checked.stderr


def test_the_documents_name_the_variable_that_is_not_called_as_its_option():
    assert "CATTLEGUARD_POLICIES_FORMAT" in (harness.ROOT / "docs/operation.md").read_text()
    said = harness.command("policies", "list", "--help").stdout
    assert b"CATTLEGUARD_POLICIES_FORMAT" in said


def test_breaking_the_glass_leaves_a_line_in_the_log(start, tmp_path):
    """Allowed by an explicit grant: the log names the policy, who, and what, and it is counted."""
    (tmp_path / "shells.yaml").write_text(POLICY.replace("allowedUsers: []", 'allowedUsers: ["*"]'))
    gate = start(policies=tmp_path)
    assert gate.decide(harness.review("exec-by-developer"))["allowed"] is True
    line = gate.wait_for_line(lambda line: line["msg"] == "decision")
    assert line["notice"].startswith('shells: break-glass: user "alice@example.com"')
    assert gate.metrics()['cattleguard_policy_break_glass_total{policy="shells"}'] == 1
    gate.stop()


def test_the_version_is_told():
    done = harness.command("version")
    assert done.returncode == 0
    assert re.search(rb"\d+\.\d+", done.stdout)


def test_a_strangers_repository_makes_nobody_wait(tmp_path):
    """What lies in a folder may be a link to a pipe that nobody writes to, and so may be what a
    suite names."""
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    suites = tmp_path / "suites"
    suites.mkdir()
    suite = suites / "cattleguard-test.yaml"
    policies = harness.ROOT / "policies"

    def assert_unreadable(*arguments):
        made = harness.command(*arguments, timeout=10)
        assert made.returncode == 2, made
        assert b"no regular file" in made.stdout + made.stderr

    assert_unreadable("check", "--policies", policies, tmp_path)
    suite.symlink_to(pipe)
    assert_unreadable("test", suites)
    suite.unlink()
    for named, resource in (policies, pipe), (pipe, policies / "no-exec.yaml"):
        suite.write_text(f"""
apiVersion: cattleguard.dev/v1
kind: TestSuite
metadata: {{name: a}}
spec:
  policies: {named}
  tests: [{{name: a, resources: ['{resource}'], expect: {{decision: allowed}}}}]
""")
        assert_unreadable("test", suites)
