"""Our JSON reader and Python's agree, but for the differences that docs/documents.md states."""

import collections
import gzip
import os
import pathlib
import urllib.parse
import warnings

import pytest

import differential
import harness

CASES = [
    line.split("\t") for line in
    (harness.ROOT / "Tests/Fixtures/JSON/cases.tsv").read_text().splitlines()
    if not line.startswith("#")]
TOKENS = [
    *(bytes([token]) for token in b'{}[]:,"\\ \t\n0-.'), b"null", b"true", b"NaN", b"-Infinity",
    b"1e5", b"-0", b"01", b"1.", b'""', b'"a":1,', b'"kind":1,', b"\\u0041", b"\\ud83d", b"\\ude00",
    b"\\ud83d\\ude00", b"\\x", b"\\/", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80",
    b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x00", b"\x1f", b"\x7f", b"//", b"{}", b"[]",
    b"[[", b"]]", b"}}", b'":"']


@pytest.fixture(scope="module", autouse=True)
def reader():
    differential.build_reader()


def compare(texts):
    """Compares the readers on each text; returns how often each thing was found."""
    found = collections.Counter()
    for text, answer in zip(texts, differential.ours("json", texts)):
        try:
            expected = differential.python_json(text)
        except differential.Refused as refused:
            found[str(refused)] += 1
            assert "error" in answer, (refused, text)
            # What is skipped is validated but for duplicate names.
            assert not answer["skips"] or str(refused) == "duplicate name", text
        else:
            found["read"] += 1
            assert answer == {"documents": [expected], "skips": True}, text
    return found


@pytest.mark.parametrize("verdict, about", sorted({(case[0], case[1]) for case in CASES}))
def test_every_case_is_read_as_python_reads_it(verdict, about):
    texts = [
        urllib.parse.unquote_to_bytes(text) for case, what, text in CASES
        if (case, what) == (verdict, about)]
    found = compare(texts)
    assert found["read"] == (len(texts) if verdict in "y+" else 0), found


@pytest.mark.parametrize("name", harness.review_names())
def test_every_recorded_review_is_read_as_python_reads_it(name):
    assert compare([harness.review(name)]) == {"read": 1}


def test_damaged_reviews_are_read_as_python_reads_them():
    reviews = [harness.review(name) for name in harness.review_names()]
    small = [text for text in reviews if len(text) < 8_192]
    found = compare(differential.damage(small, 10_000, 1, TOKENS))
    assert min(found[what] for what in (
        "read", "syntax", "duplicate name", "half a surrogate pair", "NaN")) > 0, found


def test_small_damaged_texts_are_read_as_python_reads_them():
    """Small texts meet the ends of things more often."""
    texts = [urllib.parse.unquote_to_bytes(text) for _, _, text in CASES if len(text) < 200]
    found = compare(differential.damage(texts, 50_000, 2, TOKENS))
    assert found["read"] > 3_000 and found["syntax"] > 20_000, found


def test_the_corpus_is_read_as_python_reads_it():
    path = os.environ.get("CORPUS")
    if not path:
        message = "CORPUS names no file: thousands of recorded reviews were NOT compared"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    data = pathlib.Path(path).read_bytes()
    lines = (gzip.decompress(data) if path.endswith(".gz") else data).splitlines()
    assert compare(lines) == {"read": len(lines)}
    found = compare(differential.damage(lines, 10_000, 3, TOKENS))
    assert found["read"] > 1_000 and found["syntax"] > 5_000, found
