"""Every attack of attacks.py, on a server with one loop that an honest client uses meanwhile. With
`-s` the figures are printed as the rows of docs/attacks.md."""

import pytest

import attacks
import harness
import measuring

SLOWER = 10 if harness.is_sanitized() else 1
"""By what a sanitized program may be slower; its memory says nothing."""


@pytest.fixture(scope="module")
def meters(start):
    """Servers of one loop, by their options, each with its honest client."""
    print("\n\n| Attack | What it does | What the server does | Memory | CPU | Time | Others: p50 "
          "| p99 | Most |\n|---|---|---|---|---|---|---|---|---|")
    meters = {options: measuring.Meter(start("--threads", "1", *options))
              for options in {attack.options for attack in attacks.ATTACKS}}
    yield meters
    for meter in meters.values():
        meter.stop()
        meter.gate.stop()


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=[attack.name for attack in attacks.ATTACKS])
def test_an_attack_costs_little_and_others_are_served(meters, attack):
    meter = meters[attack.options]
    cost = meter.measure(attack.run)
    p50, p99, most = cost.latency(0.5), cost.latency(0.99), cost.latencies[-1]
    print(f"| {attack.name} | {attack.does} | {attack.answer} | {max(0, cost.growth):.1f} MiB "
          f"| {cost.processor:.2f} s | {cost.seconds:.1f} s | {p50 * 1000:.1f} ms "
          f"| {p99 * 1000:.0f} ms | {most * 1000:.0f} ms |", flush=True)
    meter.gate.assert_well()
    assert cost.refused == 0, "honest requests were not decided"
    assert harness.is_sanitized() or cost.growth < attack.memory
    assert cost.processor < attack.processor * SLOWER
    assert cost.seconds < attack.seconds * SLOWER
    assert p99 < attack.latency * SLOWER
