"""No text, however mangled, makes a parser fail in a way that its reader does not turn into a reason."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.probes.block import parse_mountinfo
from bench.probes.cpu import megahertz, parse_logical_cpus, parse_physical_cores, parse_signature, unflag
from bench.probes.memory import meminfo_bytes, parse_swap_kinds
from bench.probes.observed.host import parse_cpu_times, parse_disk, parse_stall, parse_swap
from bench.probes.source import chosen, flag, word
from bench.probes.system import parse_hypervisor, parse_os_release

PARSERS = [
    chosen,
    flag,
    megahertz,
    meminfo_bytes("MemTotal"),
    parse_cpu_times,
    parse_hypervisor,
    parse_logical_cpus,
    parse_mountinfo,
    parse_os_release,
    parse_physical_cores,
    parse_signature,
    parse_stall,
    parse_swap,
    parse_swap_kinds,
    lambda text: parse_disk(text, "sda"),
    unflag,
    word,
]
NEARLY = st.lists(
    st.sampled_from(["cpu", "some", "full", "total=", "5", " ", "\n", ":", "-", "sda", "MemTotal", "[", "]", "="])
).map("".join)


@pytest.mark.parametrize("parse", PARSERS)
@given(text=NEARLY | st.text(max_size=40))
def test_a_parser_refuses_only_by_value_and_lookup_errors(parse, text):
    with contextlib.suppress(ValueError, LookupError):
        parse(text)
