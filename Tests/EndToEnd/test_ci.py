"""Continuous integration: what is missing there must fail, for nobody reads what was skipped."""

import os
import sys

import harness


def without_ci(**environment):
    """Our environment, without what tells the tests that they run in continuous integration."""
    ours = {name: value for name, value in os.environ.items() if name not in ("CI", "CORPUS")}
    return {**ours, **environment}


def ci_environment(folder, **environment):
    """What .ci/run gives to the tests: a `make` of ours says it."""
    make = folder / "make"
    make.write_text('#!/bin/sh\necho "$@" "CI=$CI" "CORPUS=$CORPUS"\n')
    make.chmod(0o755)
    done = harness.run(
        harness.ROOT / ".ci/run",
        env=without_ci(PATH=f"{folder}:{os.environ['PATH']}", **environment))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().split()


def test_continuous_integration_says_that_it_is(tmp_path):
    assert ci_environment(tmp_path)[:2] == ["test", "CI=true"]


def test_continuous_integration_takes_the_corpus_that_it_is_told(tmp_path):
    assert ci_environment(tmp_path, CORPUS="/nowhere")[2] == "CORPUS=/nowhere"


def run_corpus_test(**environment):
    return harness.run(
        sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
        harness.ROOT / "Tests/EndToEnd/test_scenarios.py::test_the_corpus_is_decided",
        env=without_ci(**environment))


def test_a_corpus_that_is_not_there_fails(tmp_path):
    done = run_corpus_test(CORPUS=str(tmp_path / "nowhere.ndjson"))
    assert (done.returncode, b"nowhere.ndjson, which is no file" in done.stdout) == (1, True)


def test_without_a_corpus_the_test_says_that_it_was_skipped():
    done = run_corpus_test()
    assert (done.returncode, b"recorded reviews were NOT tried" in done.stdout) == (0, True)
