"""What the tests share. A server costs milliseconds: a test that changes one starts its own."""

import os
import shutil

import pytest

import harness


def pytest_configure():
    if not harness.BINARY.exists():
        pytest.exit(f"{harness.BINARY} is missing: `make build` makes it", returncode=2)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with a throwaway certificate for localhost and 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificate")
    made = harness.command(
        "certificate", "--out", folder, "--host", "localhost", "--host", "127.0.0.1")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def enforcing(tmp_path_factory):
    """A folder with four of the policies that deploy/overlays/enforcing puts into force: those
    that judge alike whoever asks. Most tests are about the gate, not about the rules."""
    folder = tmp_path_factory.mktemp("policies")
    rules = ["image-digest", "read-only-root-filesystem", "no-exec", "no-ssh"]
    documents = harness.policy_documents(harness.ENFORCING)
    (folder / "policies.yaml").write_text(
        "\n---\n".join(documents[rule] for rule in rules))
    return folder


@pytest.fixture(scope="session")
def all_rules(tmp_path_factory):
    """A folder with all the policies that deploy/overlays/enforcing puts into force."""
    folder = tmp_path_factory.mktemp("policies")
    shutil.copy(harness.ENFORCING, folder)
    return folder


@pytest.fixture(scope="session")
def start(certificate, enforcing):
    """Starts servers, enforcing unless told otherwise; the caller ends them."""

    def start(*options, policies=None, **more):
        return harness.Gate(certificate, policies or enforcing, *options, **more)

    return start


@pytest.fixture(scope="session")
def shared_gate(start):
    gate = start()
    yield gate
    gate.stop()


@pytest.fixture
def gate(shared_gate):
    """The server of the session, with enforcing policies; after each test it must still be well."""
    yield shared_gate
    shared_gate.assert_well()


@pytest.fixture(scope="module")
def hasty(start):
    """A server whose patience is a second."""
    gate = start(
        "--handshake-timeout", "1s", "--head-timeout", "1s", "--body-timeout", "1s",
        "--write-timeout", "1s", "--idle-timeout", "3s")
    yield gate
    gate.assert_well()
    gate.stop()


@pytest.fixture(scope="session")
def tool():
    """Finds a program; where it is missing the test is skipped, but fails where CI is set."""

    def tool(name):
        path = shutil.which(name)
        if path is None:
            message = f"{name} is not installed"
            pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
        return path

    return tool
