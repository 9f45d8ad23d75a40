"""Our YAML reader beside kubectl's, which is the judge, and beside PyYAML's binding to libyaml."""

import collections
import json
import re

import pytest
import yaml

import differential
import harness

CASES = json.loads((harness.ROOT / "Tests/Fixtures/YAML/cases.json").read_text())
"""Each with what kubectl 1.32 makes of it, and `ours` and `why` where we make something else."""
MANIFESTS = sorted(
    path for folder in ["deploy", "policies", "Tests/Fixtures"]
    for path in (harness.ROOT / folder).rglob("*.yaml"))
TOKENS = [
    *(bytes([token]) for token in b"{}[]:,\"' \n-#&*!|>%@?~"), b": ", b"- ", b"\n  ", b"\n---\n",
    b"\r\n", b"null", b"yes", b"0x1F", b"010", b"1e3", b".5", b"1:30", b"2001-01-01", b"&a ", b"*a",
    b"<<: ", b"!!str ", b"!!int ", b" #", b"|-\n", b">+\n", b"\t", b"\xc3\xa9", b"\\n", b'""',
    b"''", b"[]", b"{}"]


@pytest.fixture(scope="module", autouse=True)
def reader():
    differential.build_reader()


def text_of(case):
    return case["text"].encode() if "text" in case else bytes.fromhex(case["hex"])


def without_kind(text):
    """A manifest that kubectl shows although no cluster is there."""
    return text.replace(b"kind", b"kin_")


def read(texts):
    """What we make of texts, in kubectl's words."""
    return [in_kubectls_words(answer) for answer in differential.ours("yaml", texts)]


def in_kubectls_words(answer):
    if "error" in answer:
        return differential.REFUSED
    return differential.canonical(answer["documents"])


def is_as_kubectl(ours, theirs):
    if theirs == differential.OPAQUE:
        return ours != differential.REFUSED
    return ours == differential.canonical(theirs)


# What was recorded: no kubectl is needed


@pytest.mark.parametrize("about", sorted({case["about"] for case in CASES}))
def test_every_case_is_read_as_kubectl_reads_it_or_says_why_not(about):
    cases = [case for case in CASES if case["about"] == about]
    wrong = []
    for case, ours in zip(cases, read(map(text_of, cases))):
        if not is_as_kubectl(ours, case.get("ours", case["kubectl"])):
            wrong.append((case, ours))
        # A difference is a difference, and has a reason.
        if ("ours" in case) != ("why" in case) or (
                "ours" in case and is_as_kubectl(ours, case["kubectl"])):
            wrong.append(case)
    assert not wrong


# kubectl itself


def test_kubectl_still_reads_every_case_as_was_recorded(tool, tmp_path):
    answers = differential.kubectl(tool("kubectl"), tmp_path, map(text_of, CASES))
    # Of keys that become one only as strings, 1 and "1", it keeps whichever its map yields last.
    assert [
        (case, answer) for case, answer in zip(CASES, answers)
        if answer != case["kubectl"] and case.get("why") != "a key twice in a mapping"] == []


def test_every_manifest_is_read_as_kubectl_reads_it(tool, tmp_path):
    texts = [without_kind(path.read_bytes()) for path in MANIFESTS]
    answers = differential.kubectl(tool("kubectl"), tmp_path, texts)
    assert [
        path for path, ours, theirs in zip(MANIFESTS, read(texts), answers)
        if not is_as_kubectl(ours, theirs)] == []


EXAMPLE = "apiVersion: example.com/v1\nkind: Example\nmetadata: {name: x%d}\nspec:\n"
KUSTOMIZE = [
    ("words of YAML 1.1 are strings", r"[ab]: (y|n|yes|no|on|off)\n"),
    ("a date becomes a moment", r"a: \d+-\d+-\d+\n"),
    ("a member before `<<` stays", r"q: 3\n  <<"),
    ("`<<` in quotes is left out", r"<<.?: {p"),
    ("an empty value in brackets becomes an empty string", r"{[^}]*[b1](: |, c: 1)?}"),
    ("a folded text gains a line", r"^a: >"),
    ("`!` and nothing is null", r"a: !\n"),
]
"""What `kubectl kustomize` writes otherwise than `kubectl` reads it."""


def test_what_kubectl_kustomize_writes_is_read_as_its_source(tool, tmp_path):
    """Each case is a `spec` of its own. Kustomize knows no keys but strings, and few tags."""
    cases = [
        case for case in CASES
        if isinstance(case["kubectl"], list) and len(case["kubectl"]) == 1 and "ours" not in case
        and case["about"] not in (
            "documents and directives", "encodings", "comments and empty texts", "keys", "tags")]
    texts = [
        (EXAMPLE % number + "".join("  " + line for line in case["text"].splitlines(True))).encode()
        for number, case in enumerate(cases)]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_bytes(text)
    (tmp_path / "kustomization.yaml").write_text(
        "resources:\n" + "".join(f"- {number}.yaml\n" for number in range(len(texts))))
    done = harness.run(tool("kubectl"), "kustomize", tmp_path)
    assert done.returncode == 0, done.stderr
    [written] = read([done.stdout])
    written = {item["metadata"]["name"]: item["spec"] for item in written}
    assert len(written) == len(cases)
    found = collections.Counter()
    for number, (case, [source]) in enumerate(zip(cases, read(texts))):
        if source["spec"] != written[f"x{number}"]:
            why = [why for why, text in KUSTOMIZE if re.search(text, case["text"], re.I)]
            assert why, (case["text"], source["spec"], written[f"x{number}"])
            found[why[0]] += 1
    assert found["words of YAML 1.1 are strings"] > 10


def test_damaged_manifests_are_read_as_kubectl_reads_them(tool, tmp_path):
    small = [without_kind(path.read_bytes()) for path in MANIFESTS if path.stat().st_size < 1_500]
    texts = [
        text for text in differential.damage(small, 3_000, 4, TOKENS) if not is_told_apart(text)]
    answers = differential.kubectl(tool("kubectl"), tmp_path, texts)
    found = collections.Counter()
    wrong = []
    for text, ours, theirs in zip(texts, differential.ours("yaml", texts), answers):
        mine = in_kubectls_words(ours)
        if is_as_kubectl(mine, theirs):
            found["refused" if "error" in ours else "read"] += 1
        elif reason := stated_difference(text, ours, theirs):
            found[reason] += 1
        else:
            wrong.append((text.decode(errors="replace"), ours, theirs))
    assert not wrong, (len(wrong), wrong[0])
    assert found["read"] > 1_000 and found["refused"] > 500, found


def is_told_apart(text):
    """Whether kubectl takes documents apart by lines, and so otherwise than libyaml: the cases
    about documents and directives say how."""
    return re.search(rb"^(\.\.\.|%|---.)|\A\s*{", text, re.M) is not None


def stated_difference(text, ours, theirs):
    """Which of the differences that docs/documents.md states it is, or None. That both read a text,
    and read different things, is never one."""
    if "error" in ours and theirs != differential.REFUSED:
        return next(
            (why for pattern, why in REFUSALS.items() if re.search(pattern, ours["error"])), None)
    if theirs == differential.REFUSED and re.search(rb"[{\[,].*(\S\?|\S::)", text):
        return "a colon or question mark in brackets"
    return None


REFUSALS = {
    "stands twice in one mapping": "a key twice in a mapping",
    "the tag '.*' (is|of a .* is) not supported": "an unknown tag, or one that does not fit",
    "expected (printable )?UTF-8": "not UTF-8",
    "did not find expected <document start>": "more behind a document",
    "found unexpected ':' while scanning a plain": "a colon or question mark in brackets",
}


def test_every_difference_is_explained():
    rows = (harness.ROOT / "docs/documents.md").read_text().split("## YAML")[1].splitlines()
    explained = {row.split("|")[1].split(":")[0].strip() for row in rows if row.startswith("|")}
    reasons = {case["why"] for case in CASES if "why" in case} | set(REFUSALS.values())
    assert reasons <= explained


# PyYAML, by libyaml's events


TYPES_OF_PYYAML = [
    ("y, n, and their capitals are strings", r"[yYnN]"),
    ("base 60 is a number", r"[-+]?\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?"),
    ("dates are dates", r"\d{4}-\d\d?-\d\d?.*"),
    ("a float has a point, its exponent a sign", r"[-+]?(\d[\d_]*)?(\.[\d_]*)?[eE][-+]?[\d_]+"),
    ("0o17 is a string", r"[-+]?0[oO][0-7_]+"),
    ("08 is a string", r"[-+]?0[\d_]*[89][\d_]*"),
    ("0X1F and 0B1 are strings", r"[-+]?0[XB][\da-fA-F_]+"),
    ("-.5 is a string", r"[-+]?\.\d[\d_]*|[-+]?\d[\d_]*\.[\d_]*"),
    ("an integer has any length", r"[-+]?[\dxXabcdefABCDEF_]{16,}"),
    ("-_1 is a string", r"[-+]?_?\d[\d_]*"),
]


def differences_of(ours, theirs, found):
    """Where our value and one composed of libyaml's events differ."""
    if isinstance(theirs, yaml.ScalarEvent):
        return [] if is_scalar(ours, theirs, found) else [(ours, theirs)]
    if type(ours) is not type(theirs) or len(ours) != len(theirs):
        return [(ours, theirs)]
    if isinstance(theirs, differential.Members):
        return [
            difference for (name, mine), (key, other) in zip(ours, theirs)
            for difference in [
                *([] if key.value == name or not is_string(key) else [(name, key)]),
                *differences_of(mine, other, found)]]
    return [
        difference for mine, other in zip(ours, theirs)
        for difference in differences_of(mine, other, found)]


def is_string(event):
    return not event.implicit[0] and event.tag in (None, "!", "tag:yaml.org,2002:str")


def is_scalar(ours, event, found):
    if is_string(event):
        return ours == event.value
    if not event.implicit[0]:
        return True  # kubectl has judged the tags
    theirs = differential.python_scalar(event.value)
    if isinstance(ours, str) and ours != event.value:
        return False
    mine = differential.canonical(ours)
    if type(theirs) in (str, bool, int, float, type(None)) and (
            mine == differential.canonical(theirs)):
        return True
    for title, pattern in TYPES_OF_PYYAML:
        if re.fullmatch(pattern, event.value):
            found[title] += 1
            return True
    return False


def compare_with_events(texts):
    found = collections.Counter()
    for text, answer in zip(texts, differential.ours("yaml", texts)):
        try:
            documents = differential.composed(text)
        except (yaml.YAMLError, differential.Refused, UnicodeDecodeError):
            assert "error" in answer, text
            found["refused"] += 1
            continue
        if "error" in answer:
            found["refused by us: " + answer["kind"]] += 1
        elif b"<<" in text:
            found["merge keys, which kubectl judges"] += 1
        else:
            # Of what holds nothing, nothing is said.
            mine = [document for document in answer["documents"] if document is not None]
            full = [
                document for document in documents
                if not (isinstance(document, yaml.ScalarEvent) and document.implicit[0]
                        and differential.python_scalar(document.value) is None)]
            assert len(mine) == len(full), text
            for one, other in zip(mine, full):
                assert differences_of(one, other, found) == [], text
            found["read"] += 1
    return found


def test_every_case_is_composed_of_libyamls_events():
    found = compare_with_events([text_of(case) for case in CASES])
    assert {title for title, _ in TYPES_OF_PYYAML} <= set(found), found


def test_every_manifest_is_composed_of_libyamls_events():
    assert set(compare_with_events([path.read_bytes() for path in MANIFESTS])) <= {
        "read", "merge keys, which kubectl judges", "dates are dates"}


def test_damaged_manifests_are_composed_of_libyamls_events():
    small = [path.read_bytes() for path in MANIFESTS if path.stat().st_size < 1_500]
    found = compare_with_events(differential.damage(small, 4_000, 5, TOKENS))
    assert found["read"] > 1_000 and found["refused"] > 500, found
