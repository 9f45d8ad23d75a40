"""HTTP/2 as its RFCs say: every row of http2_cases.py, over TLS."""

import pytest

import http2
import http2_cases

NAMES = [f"{case.section} {case.name}" for case in http2_cases.CASES]


def outcome(gate, case):
    """What comes of a case when all that it must bring is there, or the server has closed."""
    with http2.connect(gate, case.preface) as peer:
        for step in case.sends:
            step(peer) if callable(step) else peer.send(step)
        expected = case.expects
        peer.read_until(lambda: peer.ended >= expected.statuses.keys()
                        and peer.resets.keys() >= expected.resets.keys()
                        and (expected.is_open or peer.goaway is not None), seconds=5)
        is_alive = peer.is_alive()
        return http2_cases.Outcome(peer.statuses, peer.resets, peer.goaway, is_alive)


@pytest.mark.parametrize("case", http2_cases.CASES, ids=NAMES)
def test_http2_is_spoken_as_its_rfcs_say(shared_gate, case):
    assert outcome(shared_gate, case) == case.expects, case.note


def test_no_case_leaves_harm(gate):
    """The fixture sees that the server is well."""


def test_no_case_is_there_twice():
    assert len(set(NAMES)) == len(NAMES)
