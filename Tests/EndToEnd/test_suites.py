"""`cattleguard test`: what it finds, what it prints, how it ends."""

import json
import os
import re
import xml.etree.ElementTree as ElementTree

import pytest

import harness

SUITES = "policies/tests"
POLICY = """apiVersion: cattleguard.dev/v1
kind: Policy
metadata: {name: pinned-images}
spec: {rule: image-digest, validationActions: [Deny]}
"""
POD = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a}]}}"


def quoted(text):
    """The text as a YAML scalar; JSON's escapes of pairs are not YAML's."""
    return '"' + "".join(f"\\U{ord(letter):08X}" for letter in text) + '"'


def suite(*tests, name="mine", policies="policy.yaml"):
    """The text of a suite; each test is a flow mapping."""
    listed = "".join(f"    - {test}\n" for test in tests)
    return (
        "apiVersion: cattleguard.dev/v1\nkind: TestSuite\n"
        f"metadata: {{name: {quoted(name)}}}\n"
        f"spec:\n  policies: {policies}\n  tests:\n{listed}")


def expecting(decision, name="a test"):
    return f"{{name: {quoted(name)}, object: {POD}, expect: {{decision: {decision}}}}}"


COVERING = (
    f"{{name: it denies, object: {POD}, expect: {{violations: [{{rule: image-digest}}]}}}}")


@pytest.fixture
def folder(tmp_path):
    """A folder with one policy."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def test(*arguments, **options):
    return harness.command("test", *arguments, **options)


test.__test__ = False


def test_the_shipped_policies_are_what_their_tests_say():
    done = test(SUITES, "--require-coverage", cwd=harness.ROOT)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    tests, suites = re.search(rb"(\d+) tests in (\d+) suites: \1 passed\n$", done.stdout).groups()
    rules = len(list((harness.ROOT / "policies").glob("*.yaml")))
    assert int(suites) == rules + 1  # one for each, one for all together
    assert int(tests) >= 2 * rules
    assert f"every policy is seen violated by a test ({rules})" in done.stdout.decode()


def test_each_shipped_policy_has_a_suite_of_its_own():
    suites = {path.name.split(".")[0] for path in
              (harness.ROOT / SUITES).glob("*.cattleguard-test.yaml")}
    assert suites == {path.stem for path in (harness.ROOT / "policies").glob("*.yaml")}


def test_suites_are_found_by_their_names(folder):
    for path in [
            "cattleguard-test.yaml", "b.cattleguard-test.yaml", "sub/deep/c.cattleguard-test.yml",
            "other.yaml", "cattleguard-test.yaml.orig", "mycattleguard-test.yaml", ".hidden/"
            "cattleguard-test.yaml"]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        up = "../" * path.count("/")
        (folder / path).write_text(suite(expecting("denied"), policies=f"{up}policy.yaml"))
    (folder / "loop").symlink_to(folder)
    found = ["b.cattleguard-test.yaml", "cattleguard-test.yaml", "sub/deep/c.cattleguard-test.yml"]
    for arguments, options in [((folder,), {}), ((), {"cwd": folder})]:
        done = test("--format", "json", *arguments, **options)
        assert done.returncode == 0, done.stdout
        files = [entry["file"] for entry in json.loads(done.stdout)["suites"]]
        assert files == [f"{folder}/{path}" if arguments else path for path in found]
    assert test(folder / "other.yaml").returncode == 0  # a file that is named is taken as it is


@pytest.mark.parametrize("tests, code", [
    ([expecting("denied")], 0),
    ([expecting("allowed")], 1),
    (["{name: a, resources: [gone.yaml], expect: {decision: denied}}"], 2),
    ([expecting("allowed"), "{name: a, resources: [gone.yaml], expect: {decision: denied}}"], 2),
    (["{name: a}"], 2),
    ([], 2),
])
@pytest.mark.parametrize("form", ["table", "junit", "json"])
def test_exit_codes(tests, code, form, folder):
    (folder / "cattleguard-test.yaml").write_text(suite(*tests))
    done = test("--format", form, folder)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert done.stderr == b""


@pytest.mark.parametrize("arguments, said", [
    (["."], ".:1:1: the folder holds no cattleguard-test.yaml and no *.cattleguard-test.yaml"),
    (["gone"], "gone:1:1: cannot be read: No such file or directory"),
])
def test_where_there_is_no_suite_nothing_has_been_tested(arguments, said, folder):
    done = test(*arguments, cwd=folder)
    assert done.returncode == 2
    assert said in done.stdout.decode()


def test_the_largest_manifest_is_read_and_no_larger_one(folder):
    (folder / "cattleguard-test.yaml").write_text(
        suite("{name: a, resources: [large.yaml], expect: {decision: denied}}"))
    limit = 64 << 20
    text = f"{POD}\n#".encode()
    for size, code in [(limit, 0), (limit + 1, 2)]:
        (folder / "large.yaml").write_bytes(text + b"x" * (size - len(text)))
        done = test(folder)
        assert done.returncode == code, done.stdout
    assert (
        f"{folder}/cattleguard-test.yaml:7:29: the manifest {folder}/large.yaml cannot be read: "
        "File too large") in done.stdout.decode()


def test_the_largest_suite_is_read_and_no_larger_one(folder):
    path = folder / "cattleguard-test.yaml"
    text = f"{suite(expecting('denied'))}#"
    for size, code in [(4 << 20, 0), ((4 << 20) + 1, 2)]:
        path.write_text(text + "x" * (size - len(text)))
        done = test(folder)
        assert done.returncode == code, done.stdout
    assert f"{path}:1:1: cannot be read: File too large" in done.stdout.decode()


ALIASES = "[" + ", ".join(
    [f"&a0 [{', '.join('0' * 9)}]"] +
    [f"&a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]) + "]"
"""A billion laughs: each list is nine times the one before."""

# What is written for a test or a whole suite, and what is said of it; {} is the folder.
HOSTILE_TESTS = {
    "deep": (
        "{name: a, object: " + "[" * 600 + "]" * 600 + ", expect: {decision: denied}}",
        "nested more than 512 levels deep"),
    "deeper than any stack": (
        "{name: a, object: " + "[" * 500_000 + "]" * 500_000 + "}",
        "nested more than 512 levels deep"),
    "never closed": (
        "{name: a, object: " + "{a: " * 511, "nested more than 512 levels deep"),
    "huge": ("{name: a, object: {" + "a, " * 1_000_001 + "}}", "more than 1000000"),
    "aliases of aliases": (f"{{name: a, object: {{a: {ALIASES}}}}}", "more than 1000000"),
    "an alias of itself": (
        "{name: a, object: &a {a: *a}}", "the alias '*a' stands inside what it names"),
    "a merge of itself": (
        "{name: a, object: &a {<<: *a}}", "the alias '*a' stands inside what it names"),
    "an alias of nothing": (
        "{name: a, object: *b}", "the alias '*b' names no anchor before it"),
    "wrong types": (
        "{name: [a], object: a, resources: {a: b}, review: [], operation: 3, user: {}, groups: a, "
        "namespace: [], resource: {}, now: {}, expect: []}",
        "spec.tests[0].now is an object; expected a date"),
    "wrong types of expectations": (
        "{name: a, object: {}, expect: {decision: [], violations: {}, otherViolations: a, "
        "exceptions: {}}}", "spec.tests[0].expect.exceptions is an object"),
    "nothing but nulls": (
        "{name: null, object: null, resources: null, review: null, expect: null}",
        "name is missing"),
    "null": ("null", "spec.tests[0] is null; expected an object"),
    "NUL in a path": ('{name: a, resources: ["good.yaml\\0x"], expect: {decision: denied}}',
                      "cannot be read: No such file"),
    "a long path": (
        "{name: a, resources: [" + "x" * 5_000 + "], expect: {decision: denied}}",
        "the manifest {}/xxxx"),
    "a path that goes up": (
        "{name: a, resources: [" + "../" * 500 + "gone.yaml], expect: {decision: denied}}",
        "the manifest /gone.yaml cannot be read: No such file"),
    "itself as a resource": (
        "{name: a, resources: [cattleguard-test.yaml], expect: {decision: allowed}}", None),
    "itself as a review": (
        "{name: a, review: cattleguard-test.yaml, expect: {decision: allowed}}",
        'kind is "TestSuite"; expected "AdmissionReview"'),
    "a folder as a resource": (
        "{name: a, resources: [.], expect: {decision: allowed}}",
        "the manifest {} is no regular file"),
    "a pipe as a resource": (
        "{name: a, resources: [pipe], expect: {decision: allowed}}",
        "the manifest {}/pipe is no regular file"),
    "a pipe as what is stored": (
        f"{{name: a, operation: UPDATE, object: {POD}, oldResources: [pipe], "
        "expect: {decision: allowed}}", "the stored objects {}/pipe is no regular file"),
    "a pipe as a review": (
        "{name: a, review: pipe, expect: {decision: allowed}}",
        "the review {}/pipe is no regular file"),
    "a file without an end": (
        "{name: a, resources: [/dev/zero], expect: {decision: allowed}}",
        "the manifest /dev/zero is no regular file"),
}


@pytest.mark.parametrize("name", HOSTILE_TESTS)
def test_a_hostile_test_is_an_error_in_no_time(name, folder):
    text, said = HOSTILE_TESTS[name]
    os.mkfifo(folder / "pipe")
    (folder / "cattleguard-test.yaml").write_text(suite(text))
    done = test(folder, timeout=20)
    if said is None:  # an object of a kind that no policy knows
        assert (done.returncode, done.stderr) == (0, b""), done.stdout
        return
    assert (done.returncode, done.stderr) == (2, b""), done.stdout
    assert said.replace("{}", str(folder)) in done.stdout.decode()
    # Each line says where, and none says more than a screen can hold.
    lines = [line for line in done.stdout.decode().splitlines() if "ERROR" in line]
    assert lines and all(re.search(r"\d+:\d+: |ERROR  a$", line) for line in lines), lines
    assert len(done.stdout) < 20_000


HOSTILE_FILES = {
    "empty": (b"", "holds no TestSuite"),
    "comments": (b"# nothing\n---\n---\n", "holds no TestSuite"),
    "no text": (bytes(range(256)), "control characters are not allowed"),
    "half a character": (b"kind: \xc3", "incomplete UTF-8 octet sequence"),
    "UTF-16": ("kind: TestSuite".encode("utf-16"), "expected UTF-8, found UTF-16"),
    "a scalar": (b"TestSuite", "the document is a string; expected a TestSuite"),
    "policies are the suite": (
        suite(expecting("denied"), policies="cattleguard-test.yaml").encode(),
        'kind is "TestSuite"'),
    "policies are a pipe": (
        suite(expecting("denied"), policies="pipe").encode(),
        "the policies {}/pipe is no regular file"),
    "policies are null": (
        suite(expecting("denied"), policies="null").encode(), "spec.policies is missing"),
    "policies are an object": (
        suite(expecting("denied"), policies="{a: b}").encode(), "spec.policies is an object"),
    "a key twice": (
        suite(expecting("denied")).encode() + b"  tests: []\n", "tests"),
    "many tests of one name": (suite(*[expecting("denied")] * 2_000).encode(), "is taken by"),
}


@pytest.mark.parametrize("name", HOSTILE_FILES)
def test_a_hostile_file_is_an_error_in_no_time(name, folder):
    content, said = HOSTILE_FILES[name]
    os.mkfifo(folder / "pipe")
    (folder / "cattleguard-test.yaml").write_bytes(content)
    done = test(folder, timeout=20)
    assert (done.returncode, done.stderr) == (2, b""), done.stdout
    assert said.replace("{}", str(folder)) in done.stdout.decode()
    assert re.search(r"ERROR  \S+:\d+:\d+: ", done.stdout.decode())


def test_for_a_suite_that_is_a_pipe_nobody_waits(folder):
    path = folder / "cattleguard-test.yaml"
    os.mkfifo(path)
    for named in [folder, path]:
        done = test(named, timeout=20)
        assert done.returncode == 2
        assert f"{path}:1:1: is no regular file" in done.stdout.decode()


def test_an_exception_is_judged_at_the_moment_that_is_stated(folder):
    (folder / "exception.yaml").write_text("""apiVersion: cattleguard.dev/v1
kind: PolicyException
metadata: {name: late}
spec:
  policies: [pinned-images]
  match: {names: [a]}
  reason: late
  expiresAt: 2026-12-01T00:00:00Z
""")
    judged = f"object: {POD}, expect: "
    (folder / "cattleguard-test.yaml").write_text(suite(
        f"{{name: before, {judged}{{decision: allowed, exceptions: [late]}}}}",
        f"{{name: at, now: 2026-12-01T00:00:00Z, {judged}{{decision: denied, exceptions: []}}}}",
        f"{{name: wrong, now: 2026-12-01T00:00:00Z, {judged}{{exceptions: [late]}}}}",
        policies="[policy.yaml, exception.yaml]\n  now: 2026-11-30T23:59:59Z"))
    done = test(folder)
    assert done.returncode == 1
    text = re.sub(r"10:\d+", "10:1", done.stdout.decode())
    assert text.splitlines()[1:] == [
        "  pass   before", "  pass   at", "  FAIL   wrong",
        f"         {folder}/cattleguard-test.yaml:10:1: exceptions",
        "           - line 10: late, which ended at 2026-12-01T00:00:00Z", "",
        "policies that no test sees violated (1 of 1):",
        f"  pinned-images ({folder}/policy.yaml)",
        "every exception is seen used by a test (1)",
        "3 tests in 1 suite: 2 passed, 1 failed"]


def test_selection_and_coverage(folder):
    (folder / "cattleguard-test.yaml").write_text(
        suite(expecting("denied", "one"), expecting("allowed", "two")))
    done = test("--run", "o*", folder)
    assert done.returncode == 0
    assert b"1 test in 1 suite: 1 passed" in done.stdout
    assert b"policies" not in done.stdout  # some tests say nothing of coverage
    done = test("--run", "three", folder)
    assert (done.returncode, done.stderr) == (2, b'no test is called "three"\n')
    assert test("--run", "one", "--require-coverage", folder).returncode == 2
    assert test(folder, env={**os.environ, "CATTLEGUARD_RUN": "one"}).returncode == 0


@pytest.mark.parametrize("form", ["table", "junit", "json"])
def test_required_coverage(form, folder):
    path = folder / "cattleguard-test.yaml"
    path.write_text(suite(expecting("denied")))
    assert test("--format", form, folder).returncode == 0
    done = test("--format", form, "--require-coverage", folder)
    assert done.returncode == 1
    assert b"pinned-images" in done.stdout + done.stderr
    environment = {**os.environ, "CATTLEGUARD_REQUIRE_COVERAGE": "true"}
    assert test("--format", form, folder, env=environment).returncode == 1
    path.write_text(suite(COVERING))
    assert test("--format", form, "--require-coverage", folder).returncode == 0


HOSTILE = [
    "<script>alert('x')</script>", "a & b \"c\" 'd'", "]]>", "<![CDATA[", "</testcase>", "&#0;",
    "null \0 escape \x1b bell \x07 del \x7f", "lines\nand\ttabs\r", "\ufffe\uffff\ufeff",
    "\u202egnol", "é漢😀",
]
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {
        "name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id",
        "package", "file", "url", "version", "log", "group"},
    "testcase": {
        "name", "assertions", "time", "classname", "status", "class", "file", "line", "score",
        "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
}
INSIDE = {
    "testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "error"},
    "failure": set(), "error": set()}
"""Elements and attributes of junit-10.xsd of Jenkins, of those that we have use for."""


def keeps_to_the_schema(element):
    assert set(element.attrib) <= ALLOWED[element.tag]
    assert {child.tag for child in element} <= INSIDE[element.tag]
    if element.tag.startswith("testsuite"):
        cases = list(element.iter("testcase"))
        assert int(element.get("tests")) == len(cases)
        assert int(element.get("failures")) == len(list(element.iter("failure")))
        assert int(element.get("errors")) == len(list(element.iter("error")))
    for child in element:
        keeps_to_the_schema(child)


def test_junit_is_well_formed_whatever_the_names(folder):
    tests = [expecting("allowed", name) for name in HOSTILE]
    (folder / "cattleguard-test.yaml").write_text(
        suite(*tests, name="<&>\"'\0", policies="policy.yaml"))
    (folder / "broken<&.cattleguard-test.yaml").write_text("kind: TestSuite\n")
    done = test("--format", "junit", folder)
    assert done.returncode == 2
    root = ElementTree.fromstring(done.stdout)
    keeps_to_the_schema(root)
    broken, mine = root.findall("testsuite")
    assert mine.get("name") == "<&>\"'\ufffd"
    cases = mine.findall("testcase")
    # Line breaks stay, although readers make spaces of plain ones; what XML forbids does not.
    forbidden = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    assert [case.get("name") for case in cases] == [
        forbidden.sub("\ufffd", name) for name in HOSTILE]
    assert [int(case.get("line")) for case in cases] == list(range(7, 7 + len(HOSTILE)))
    for case in cases:
        assert case.get("file") == f"{folder}/cattleguard-test.yaml"
        assert case.find("failure").get("message") == "decision: expected allowed, found denied"
        assert "  - allowed\n  + denied" in case.find("failure").text
    assert broken.get("file") == f"{folder}/broken<&.cattleguard-test.yaml"
    assert "apiVersion is missing" in broken.find("testcase/error").text


def test_no_name_writes_to_the_terminal(folder):
    (folder / "cattleguard-test.yaml").write_text(
        suite(*(expecting("allowed", name) for name in HOSTILE)))
    done = test(folder)
    assert done.returncode == 1
    assert not re.search("[\0-\x09\x0b-\x1f\x7f\u202e]", done.stdout.decode())


def test_a_report_that_cannot_be_written_is_no_success(folder):
    (folder / "cattleguard-test.yaml").write_text(suite(expecting("denied")))
    done = harness.run("sh", "-c", 'exec "$0" test "$1" >/dev/full', harness.BINARY, folder)
    assert done.returncode == 2
    assert done.stderr == b"standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("name", [
    name for name in harness.review_names() if (harness.REVIEWS / f"{name}.json").exists()])
def test_a_recorded_review_is_judged_as_the_webhook_judges_it(name, gate, folder, enforcing):
    """Allowed or denied, and by how many causes: as the running server answers."""
    answer = gate.decide(harness.review(name))
    causes = answer.get("status", {}).get("details", {}).get("causes", [])
    decision = "denied" if not answer["allowed"] else "warned" if answer.get("warnings") else (
        "allowed")
    entries = ", ".join(
        json.dumps({"rule": cause["reason"], "action": "Deny",
                    **({"field": cause["field"]} if cause["field"] else {})})
        for cause in causes)
    (folder / "cattleguard-test.yaml").write_text(suite(
        f"{{name: a, review: {json.dumps(str(harness.REVIEWS / name))[:-1]}.json\", "
        f"expect: {{decision: {decision}, violations: [{entries}]}}}}",
        policies=json.dumps(str(enforcing))))
    done = test(folder)
    assert done.returncode == 0, done.stdout.decode()


def test_the_readme_shows_what_is_printed(tmp_path):
    readme = (harness.ROOT / "README.md").read_text()
    section = readme.split("## Test your policies", 1)[1].split("\n## ", 1)[0]
    (tmp_path / "policies").mkdir()
    (tmp_path / "tests").mkdir()
    policy = next(
        block for block in readme.split("```yaml\n") if block.startswith("apiVersion: cattleguard"))
    (tmp_path / "policies/pinned-images.yaml").write_text(policy.split("```", 1)[0])
    text = section.split("```yaml\n", 1)[1].split("```", 1)[0]
    (tmp_path / text.split("\n", 1)[0].removeprefix("# ")).write_text(text)
    shown, code = section.split("$ cattleguard test tests\n", 1)[1].split("```", 1)[0].split(
        "$ echo $?\n")
    done = test("tests", cwd=tmp_path)
    assert done.stdout.decode() == shown
    assert done.returncode == int(code)
