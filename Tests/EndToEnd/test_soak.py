"""The soak of `make soak`, for twenty seconds."""

import subprocess
import sys

import pytest

import harness


def test_a_mixed_load_leaves_memory_and_descriptors_as_they_were():
    if harness.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    done = subprocess.run(
        [sys.executable, harness.ROOT / "Benchmarks/soak.py", "--minutes", "0.33"],
        capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("verdict: steady\n"), done.stdout
