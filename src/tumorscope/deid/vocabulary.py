"""Words that may stay in a description: sequences, planes, contrast, body parts.

Whatever is not on the list goes, so that a name typed into a series description cannot
survive because nobody thought of it.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SEQUENCES = """
t1 t2 t2star pd flair dwi dti adc swi swan tof mra mrv mrs asl perfusion pwi dsc dce fmri
bold fiesta ciss space vibe mprage mp2rage spgr fspgr gre fgre se fse tse tir tirm stir
haste epi ssfp bssfp trufi flash bravo cube propeller blade dixon ideal me megre memprage
ir spir spair localizer localiser scout survey calibration reference phase magnitude mag
real imaginary trace fa eadc colfa diffusion b0 b500 b800 b1000 cine navigator field map
fieldmap qsm mip minip mpr subtraction sub resting task venc aif
"""
_PLANES = """
ax axial tra transverse transversal cor coronal sag sagittal obl oblique 2d 3d iso
isotropic reformat recon reconstruction
"""
_CONTRAST = """
pre post gd gad gadolinium contrast km native nativ with without w wo plus c ce enhanced
unenhanced bolus dynamic delayed early late none no yes
"""
_BODY = """
head brain skull neuro cerebrum cranium neck hypophysis pituitary orbit orbits iac spine
mr mri
"""
_TECHNIQUE = """
fs fatsat fat sat water suppression thin thick slab volume multi single shot high low
resolution hires res fast turbo spin echo gradient inversion recovery weighted image
images imaging series study routine protocol tumor tumour stereotactic navigation
follow up baseline control angiography angio venography spectroscopy parallel sense grappa
asset acceleration filtered norm normalized distortion corrected correction motion
"""
_CODE_TERMS = """
original derived primary secondary other axial localizer mpr projection m p r i nd dis2d
dis3d norm none head brain mr sr seg hfs hfp ffs ffp monochrome1 monochrome2 rgb female
male y n yes no true false o f se gr ep ir rm sk mtc ss trss sp mp osp container
text code num datetime date time uidref pname scoord scoord3d tcoord composite image
waveform contains has obs context concept mod properties acq inferred selected separate
continuous complete partial verified unverified final preliminary series study frame signed unsigned modified removed unmodified
"""
_VENDORS = """
siemens healthineers healthcare healthineers ge medical systems philips toshiba mec canon
hitachi united imaging hyperfine esaote bruker fonar neusoft mindray samsung gmbh ag inc
achieva ingenia signa magnetom
"""
VENDOR_WORDS = frozenset(_VENDORS.split())
DESCRIPTION_WORDS = frozenset(
    f"{_SEQUENCES} {_PLANES} {_CONTRAST} {_BODY} {_TECHNIQUE}".split()
)
CODE_TERMS = frozenset(_CODE_TERMS.split())
_WORD = re.compile(r"[a-z0-9]+")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")


@lru_cache(maxsize=4096)
def is_code_term(text: str) -> bool:
    """Return whether every word of a code string is a defined term of MR images."""
    return all(word in CODE_TERMS for word in _WORD.findall(text.lower()))


def is_vendor(text: str) -> bool:
    """Return whether a text names a maker of scanners and nothing else.

    A hospital named after a maker must not cost the name of the maker, which comparisons
    between scanners need.
    """
    return all(word in VENDOR_WORDS for word in _WORD.findall(text.lower()))


def allowed_words(text: str, forbidden: frozenset[str]) -> str:
    """Return the listed words of a description, in order, separated by spaces.

    Args:
        text: The description, decoded.
        forbidden: Words that are known of the patient, folded; they go even if listed.
    """
    kept = [
        word
        for word in _SEPARATOR.split(text)
        if word.lower() in DESCRIPTION_WORDS and word.lower() not in forbidden
    ]
    return " ".join(kept)
