"""Shortcuts: can the label, or the site, be told without looking at the brain?

`traits_of` and `probe_features` read one slice; `probe_shortcuts` runs all probes on a
`ProbeCohort`; `shortcut_gates` judges them by the rule that `ShortcutSpec` states;
`shortcut_section`, `site_section` and `probe_pictures` show them.
"""

from tumorscope.audit.shortcuts.cohort import ProbeCohort
from tumorscope.audit.shortcuts.features import ProbeFeatures, probe_features
from tumorscope.audit.shortcuts.pictures import probe_pictures
from tumorscope.audit.shortcuts.probing import probe_shortcuts
from tumorscope.audit.shortcuts.results import ProbeResult, ShortcutReport
from tumorscope.audit.shortcuts.sections import shortcut_section, site_section
from tumorscope.audit.shortcuts.traits import SliceTraits, traits_of
from tumorscope.audit.shortcuts.verdicts import shortcut_gates

__all__ = [
    "ProbeCohort",
    "ProbeFeatures",
    "ProbeResult",
    "ShortcutReport",
    "SliceTraits",
    "probe_features",
    "probe_pictures",
    "probe_shortcuts",
    "shortcut_gates",
    "shortcut_section",
    "site_section",
    "traits_of",
]
