"""Documents from hostile hands: each gets an answer that is right, soon, in little memory."""

import json
import threading
import time

import pytest

import harness

GOOD_POD = '{"spec":{"containers":[{"name":"a","image":"r/a@sha256:%s","securityContext":' \
    '{"readOnlyRootFilesystem":true}}]}%%s}' % ("a" * 64)


def pod(extra=""):
    return GOOD_POD % extra


def test_the_good_pod_is_good(gate):
    assert gate.decide(harness.make_review(pod()))["allowed"] is True


# Not JSON at all, though other readers may think otherwise: 400, and the API server decides.
NOT_JSON = {
    "nothing": b"",
    "blanks": b"  ",
    "a trailing comma": pod(',"a":[1,]'),
    "a comment": pod('/* a */'),
    "single quotes": pod(",'a':1"),
    "a missing comma": pod(',"a":1 "b":2'),
    "a raw newline in a string": pod(',"a":"\n"'),
    "a raw NUL in a string": pod(',"a":"\0"'),
    "an unknown escape": pod(',"a":"\\x41"'),
    "half an escape": pod(',"a":"\\u00"'),
    "a lone high surrogate": pod(',"a":"\\ud800"'),
    "a lone low surrogate": pod(',"a":"\\udc00"'),
    "surrogates in the wrong order": pod(',"a":"\\udc00\\ud800"'),
    "NaN": pod(',"a":NaN'),
    "a number with a leading zero": pod(',"a":01'),
    "a number that ends early": pod(',"a":1.'),
    "a number with a plus": pod(',"a":+1'),
    "a word that is none": pod(',"a":nul'),
    "a duplicate key": pod(',"a":1,"a":2'),
    "a duplicate key in disguise": pod(',"a":1,"\\u0061":2'),
    "bytes that are no UTF-8": pod(',"a":"X"').encode().replace(b"X", b"\xff"),
    "an overlong encoding": pod(',"a":"X"').encode().replace(b"X", b"\xc0\xaf"),
    "a surrogate in UTF-8": pod(',"a":"X"').encode().replace(b"X", b"\xed\xa0\x80"),
    "UTF-16": pod().encode("utf-16"),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_not_json_is_never_let_through(gate, name):
    """400, or a denial (an object that cannot be judged): never `allowed`, never a crash."""
    body = harness.make_review(NOT_JSON[name]) if NOT_JSON[name] else NOT_JSON[name]
    status, headers, answer = gate.validate(body)
    if status == 200:
        assert json.loads(answer)["response"]["allowed"] is False
    else:
        assert status == 400
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer)["status"] == 400


NOT_REVIEWS = {
    "an array": b"[]",
    "a string": b'"AdmissionReview"',
    "an empty object": b"{}",
    "another kind": b'{"apiVersion":"v1","kind":"Pod"}',
    "another version": harness.make_review(pod()).replace(b"k8s.io/v1", b"k8s.io/v7"),
    "no request": b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}',
    "no uid": harness.make_review(pod()).replace(b'"uid"', b'"uix"'),
    "a uid that is no string": harness.make_review(pod()).replace(
        b'"5f2d1e0c-0000-4000-8000-000000000001"', b"7"),
    "something after it": harness.make_review(pod()) + b"{}",
    "half of it": harness.make_review(pod())[:-40],
}


@pytest.mark.parametrize("name", NOT_REVIEWS)
def test_what_is_no_review_is_400(gate, name):
    status, _, answer = gate.validate(NOT_REVIEWS[name])
    assert status == 400, answer
    assert json.loads(answer)["detail"]


HARMLESS = {
    "a huge integer": pod(',"a":' + "9" * 5000),
    "a huge exponent": pod(',"a":1e999999'),
    "a tiny fraction": pod(',"a":0.' + "0" * 5000 + "1"),
    "an escaped NUL": pod(',"a":"\\u0000"'),
    "a pair of surrogates": pod(',"a":"\\ud83d\\ude00"'),
    "an empty key": pod(',"":1'),
    "a long key": pod(',"%s":1' % ("k" * 100000)),
    "many keys": pod("," + ",".join(f'"k{i}":1' for i in range(50000))),
    "many keys alike in hash or not": pod(
        ',"a":{' + ",".join(f'"{i:032x}":{{}}' for i in range(50000)) + "}"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_odd_but_json_is_judged(gate, name):
    start = time.monotonic()
    assert gate.decide(harness.make_review(HARMLESS[name]))["allowed"] is True
    assert time.monotonic() - start < 2


def nested(depth, opening, closing):
    """A Pod with `depth` lists or objects in each other, the Pod itself being the first."""
    return pod(',"a":' + opening * (depth - 1) + closing * (depth - 1))


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_nesting_is_limited(gate, opening, closing):
    fill = lambda text: text.replace(":}", ":1}")  # noqa: E731
    at_limit = harness.make_review(fill(nested(10_000, opening, closing)))
    assert gate.decide(at_limit)["allowed"] is True
    past_limit = harness.make_review(fill(nested(10_001, opening, closing)))
    denied = gate.decide(past_limit)
    assert denied["allowed"] is False
    reasons = {cause["reason"] for cause in denied["status"]["details"]["causes"]}
    assert reasons == {"unreadable-object"}


@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["lists", "objects"])
def test_nesting_without_end_is_soon_over(gate, opening):
    start = time.monotonic()
    status, _, answer = gate.validate(harness.make_review(pod(',"a":' + opening * 1_000_000)))
    assert status == 400 or json.loads(answer)["response"]["allowed"] is False
    assert time.monotonic() - start < 2


def test_a_padded_update_is_judged_and_not_passed_by(gate):
    """`<` arrives as six bytes: two ConfigMaps of 1 MiB make a review of 12 MiB."""
    padding = "\\u003c" * (1 << 20)
    config_map = '{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"%s"}}' % padding
    body = harness.make_review(
        config_map, kind="ConfigMap", operation="UPDATE", old=config_map)
    assert len(body) > 12 << 20
    before = gate.metrics()["process_resident_memory_bytes"]
    start = time.monotonic()
    assert gate.decide(body)["allowed"] is True
    assert time.monotonic() - start < 2
    assert gate.metrics()["process_resident_memory_bytes"] - before < 128 << 20


def test_padding_hides_nothing(gate):
    bad = '{"metadata":{"annotations":{"a":"%s"}},"spec":{"containers":[{"name":"a",' \
        '"image":"nginx"}]}}' % ("\\u003c" * (2 << 20))
    allowed, causes = harness.decision_of(gate.decide(harness.make_review(bad)))
    assert not allowed
    assert causes == [
        ("image-digest", "spec.containers[0].image"),
        ("read-only-root-filesystem",
         "spec.containers[0].securityContext.readOnlyRootFilesystem")]


MISSHAPEN = [
    '{"spec":7}', '{"spec":{"containers":7}}', '{"spec":{"containers":[7]}}',
    '{"spec":{"containers":[{"name":"a","image":7}]}}',
    '{"spec":{"containers":[{"name":"a","image":"a@sha256:%s","securityContext":7}]}}' % ("a" * 64),
    '{"spec":{"containers":{"name":"a"}}}',
]


@pytest.mark.parametrize("body", MISSHAPEN)
def test_a_pod_of_the_wrong_shape_is_denied(gate, body):
    assert gate.decide(harness.make_review(body))["allowed"] is False


def test_a_secret_never_reaches_the_log_or_the_answer(start):
    gate = start()
    try:
        secret = "hunter2-correct-horse"
        body = '{"spec":{"containers":[{"name":"a","image":"nginx","env":[{"name":"PASSWORD",' \
            '"value":"%s"}]}]}}' % secret
        assert secret not in json.dumps(gate.decide(harness.make_review(body)))
        line = gate.wait_for_line(lambda line: line.get("msg") == "decision")
        assert secret not in json.dumps(line)
        assert line["uid"] == "5f2d1e0c-0000-4000-8000-000000000001"
        assert line["operation"] == "CREATE"
        assert line["namespace"] == "shop"
        assert line["user"] == "alice@example.com"
        assert line["decision"] == "denied"
    finally:
        gate.stop()


# YAML, at the check service


LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)])
BOMBS = {
    "laughs": LAUGHS,
    "laughs by merge keys": "\n".join(
        ["a0: &a0 {x: 1, y: 2}"]
        + [f"a{i}: &a{i} {{b: {{<<: *a{i - 1}}}, c: {{<<: *a{i - 1}}}}}" for i in range(1, 40)]),
    "an alias to itself": "a: &a [*a]",
    "an alias to nothing": "a: *b",
    "a merge of itself": "a: &a {<<: *a}",
    "a tag that makes things": "a: !!python/object/apply:os.system [id]",
    "a tag of one's own": "a: !mine {b: 1}",
    "a binary tag": "a: !!binary aGVsbG8=",
    "lists in lists": "[" * 30_000,
    "objects in objects": '{"a":' * 30_000,
    "indented forever": "\n".join(" " * i + "a:" for i in range(2500)),
    "dashes": "- " * 100_000,
    "a duplicate key": "a: 1\na: 2",
    "a duplicate key by quoting": "a: 1\n\"a\": 2",
    "a directive of the future": "%YAML 7.0\n---\na: 1",
    "a tab": "a:\n\tb: 1",
    "bytes that are no UTF-8": b"a: \xff",
    "a control character": "a: \x07",
    "a NUL": "a: \0",
    "a list at the top": "- a\n- b",
    "a word at the top": "hello",
    "no kind": "apiVersion: v1",
    "a kind that is a list": "apiVersion: v1\nkind: [Pod]",
    "a folded key": "? |\n  a\n: 1",
    "anchors by the thousand": "\n".join(f"k{i}: &a{i} 1" for i in range(100_000)),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("command", [False, True], ids=["service", "command"])
def test_yaml_bombs_are_refused(gate, name, command):
    bomb = BOMBS[name]
    bomb = bomb if isinstance(bomb, bytes) else bomb.encode()
    start = time.monotonic()
    if command:
        done = harness.command("check", "--policies", harness.ROOT / "policies", "-", input=bomb)
        assert done.returncode == 2, done.stdout
    else:
        status, headers, answer = gate.check(bomb)
        assert status == 400, answer
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(answer)["detail"]
    assert time.monotonic() - start < 3


def test_many_documents_are_judged_one_by_one(gate):
    one = b"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" \
        b"spec: {containers: [{name: a, image: nginx}]}\n"
    count = 5000
    before = gate.metrics()["process_resident_memory_bytes"]
    status, _, answer = gate.check(one * count)
    assert status == 200, answer
    assert gate.metrics()["process_resident_memory_bytes"] - before < 128 << 20


def test_a_heavy_check_holds_nobody_up(gate):
    """Neither a review nor a probe nor a scrape waits for a manifest."""
    heavy = b"---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" \
        b"spec: {containers: [{name: a, image: nginx}]}\n" * 60_000
    threads = [threading.Thread(target=gate.check, args=(heavy,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    slowest = 0
    while any(thread.is_alive() for thread in threads):
        start = time.monotonic()
        gate.decide(harness.review("exec-by-developer"))
        assert gate.get("/livez")[0] == 200
        assert gate.get("/metrics")[0] == 200
        slowest = max(slowest, time.monotonic() - start)
    for thread in threads:
        thread.join()
    assert slowest < 2
