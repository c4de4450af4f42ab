"""Which MRI sequence a DICOM series is: by its name, and by its timing.

Names are written by people and differ between hospitals; timing is physics and overlaps.
Each is read for itself, and the answer says whether they agree. A series whose name and
timing contradict each other is left out rather than guessed.

References: timing ranges after McRobbie et al., MRI from Picture to Proton, chapter 3, and
the protocol of the Brain Tumor Imaging consortium (Ellingson et al. 2015,
doi:10.1093/neuonc/nov095).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from tumorscope.domain.study import SequenceGuess
from tumorscope.io.dicom_files import DicomFrame, DicomHeader

_NAMES: tuple[tuple[str, str], ...] = (
    ("localizer", r"loc|locali[sz]er|scout|survey|plan|3pl|3 plane"),
    ("adc", r"adc|apparent"),
    ("dwi", r"dwi|dw|diff|diffusion|trace\w*|b ?\d{3,4}|ep2d diff|dti|tensor|fa"),
    ("swi", r"swi|swan|ven bold|venbold|susc\w*|mip|phase|pha"),
    ("perfusion", r"perf\w*|dsc|dce|pwi|asl|cbf|cbv|mtt|pcasl"),
    ("angiography", r"mra|tof|angio\w*|pca|cemra|mrv"),
    ("spectroscopy", r"svs|csi|mrs|spectro\w*|press"),
    ("functional", r"fmri|bold|rest"),
    ("t1", r"t1\w* .*(?:flair|dark fluid)|t1\w*flair"),
    ("flair", r"\w*flair|dark fluid|t2 ?tirm|tirm|da fl|spc ?ir"),
    ("t2*", r"t2 ?\* ?\w*|t2 ?star|t2s|t2 ffe|hemo\w*|t2 ?gre|gre ?t2|medic"),
    ("t1", r"t1\w*|mprage|mp ?rage|spgr|fspgr|bravo|tfe|\w*fl3d|vibe|mdeft"),
    ("t2", r"t2\w*|tse|fse"),
    ("pd", r"pd\w*|proton|dp"),
)
"""Words of a name, in order: the first that fits decides. A T1 FLAIR is a T1."""
_CONTRAST = (
    r"gd|gad\w*|post|\+ ?c|c\+|\+|ce|c|contrast|km|mit km|contrastenhanced|dotarem"
    r"|t1 ?c|t1 ?ce|t1 ?gd|enhanced|after"
)
_NO_CONTRAST = r"pre|native|nativ|ohne|without|w o|plain|nonc"
CONTRAST_WORDS = re.compile(rf"(?<![a-z0-9])(?:{_CONTRAST})(?![a-z0-9])")
_NO_CONTRAST_WORDS = re.compile(rf"(?<![a-z0-9])(?:{_NO_CONTRAST})(?![a-z0-9])")


def guess_sequence(header: DicomHeader, frame: DicomFrame) -> SequenceGuess:
    """Tell the sequence of a series from one of its frames.

    Args:
        header: Of the file.
        frame: The frame, with its timing.

    Returns:
        The guess; its evidence names words and times, never a text of the file.
    """
    by_name, seen = _by_name(
        (header.series_description, header.protocol, header.pulse_sequence)
    )
    by_timing, times = _by_timing(header, frame)
    evidence = [*seen, *times]
    if by_name is None and by_timing is None:
        return SequenceGuess(name=None, certainty="unknown", evidence=tuple(evidence))
    if by_name == "flair" and by_timing == "t1":
        by_name = "t1"  # an inversion pulse at a short TI makes a T1 image
    if by_name is not None and by_timing not in (
        None,
        by_name,
        *_ALIKE.get(by_name, ()),
    ):
        words = f"the name says {by_name}, the timing {by_timing}"
        return SequenceGuess(
            name=None, certainty="uncertain", evidence=(words, *evidence)
        )
    name = by_name or by_timing
    agree = by_name == by_timing
    if name == "t1":
        name, contrast = _with_contrast(header)
        evidence.append(contrast)
    return SequenceGuess(
        name=name,
        certainty="certain" if agree else "likely",
        evidence=tuple(evidence),
    )


_ALIKE: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        # Timing alone cannot tell these from the plain sequence that they are made from.
        "localizer": ("t1", "t2", "pd", "t2*", "flair"),
        "adc": ("dwi", "t2"),
        "dwi": ("t2", "flair", "adc"),
        "swi": ("t2*", "t1"),
        "perfusion": ("t2*", "t1", "t2"),
        "angiography": ("t1", "t2*"),
        "spectroscopy": ("t1", "t2", "pd", "t2*"),
        "functional": ("t2*", "t2"),
        "t2*": ("t2", "t1", "swi"),
        "pd": ("t2",),
    }
)


def _by_name(texts: Iterable[str | None]) -> tuple[str | None, list[str]]:
    for text in texts:
        words = _words(text)
        for name, pattern in _NAMES:
            if re.search(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", words):
                return name, [f"named like {name}"]
    return None, []


def _words(text: str | None) -> str:
    """Return a name in small letters, a space for every other sign but "+" and "*"."""
    return re.sub(r"[^a-z0-9+*]+", " ", (text or "").lower()).strip()


def _by_timing(header: DicomHeader, frame: DicomFrame) -> tuple[str | None, list[str]]:
    if frame.b_value:
        return "dwi", [f"b {frame.b_value:g} s/mm2"]
    echo, repetition = frame.echo, frame.repetition_ms
    if echo is None or repetition is None:
        return None, []
    inversion = frame.inversion
    times = [f"TE {echo:.0f} ms", f"TR {repetition:.0f} ms"]
    if inversion:
        times.append(f"TI {inversion:.0f} ms")
        return _inversion_recovery(echo, inversion), times
    gradient_echo = "GR" in header.scanning_sequence
    if gradient_echo:
        return _gradient_echo(echo, repetition), times
    return _spin_echo(echo, repetition), times


def _inversion_recovery(echo_ms: float, inversion_ms: float) -> str | None:
    if inversion_ms >= 1_500 and echo_ms >= 60:
        return "flair"
    return "t1" if 400 <= inversion_ms < 1_500 and echo_ms < 40 else None


def _gradient_echo(echo_ms: float, repetition_ms: float) -> str | None:
    if echo_ms >= 12:
        return "t2*"
    return "t1" if echo_ms < 12 and repetition_ms <= 3_000 else None


def _spin_echo(echo_ms: float, repetition_ms: float) -> str | None:
    if echo_ms <= 35 and repetition_ms <= 1_100:
        return "t1"
    if echo_ms >= 65 and repetition_ms >= 1_800:
        return "t2"
    return "pd" if echo_ms <= 40 and repetition_ms >= 1_800 else None


def _with_contrast(header: DicomHeader) -> tuple[str, str]:
    names = f"{_words(header.series_description)} | {_words(header.protocol)}"
    if header.contrast_agent and header.contrast_agent.upper() not in _NO_AGENT:
        return "t1c", "a contrast agent is stated"
    if CONTRAST_WORDS.search(names) and not _NO_CONTRAST_WORDS.search(names):
        return "t1c", "named like after contrast"
    return "t1", "no contrast agent stated"


_NO_AGENT = frozenset({"NO", "NONE", "N", "NIL", "0"})
