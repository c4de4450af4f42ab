"""What the machine multiplies natively."""

from __future__ import annotations

import pytest

from tumorscope.learning.hardware import cpu_flags, has_native_bf16


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu AMX_BF16 avx2\n", {"fpu", "amx_bf16", "avx2"}),
        ("processor : 0\nFeatures : fp asimd bf16\n", {"fp", "asimd", "bf16"}),
        ("nothing here", set()),
        ("", set()),
    ],
)
def test_flags_are_read_from_the_list_of_processors(tmp_path, text, expected):
    """Intel's and ARM's words for it are both understood."""
    (tmp_path / "cpuinfo").write_text(text)

    assert cpu_flags(tmp_path / "cpuinfo") == expected


def test_system_without_a_list_has_no_flags(tmp_path):
    """Elsewhere than on Linux the answer is: not known."""
    assert cpu_flags(tmp_path / "cpuinfo") == frozenset()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({"avx512_bf16"}, True), ({"amx_bf16"}, True), ({"avx2"}, False), (set(), False)],
)
def test_bf16_needs_hardware(flags, expected):
    """Emulated bf16 is many times slower, so it does not count."""
    assert has_native_bf16(frozenset(flags)) is expected
