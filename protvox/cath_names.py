"""Names of CATH classes and architectures."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

PAPER_ARCHITECTURES: Final = (
    "1.10",
    "1.20",
    "2.30",
    "2.40",
    "2.60",
    "3.10",
    "3.20",
    "3.30",
    "3.40",
    "3.90",
)
"""The ten CATH architectures of Weiler et al. (2018)."""

CATH_NAMES: Final = MappingProxyType(
    {
        "1": "Mainly Alpha",
        "1.10": "Orthogonal Bundle",
        "1.20": "Up-down Bundle",
        "1.25": "Alpha Horseshoe",
        "1.40": "Alpha solenoid",
        "1.50": "Alpha/alpha barrel",
        "2": "Mainly Beta",
        "2.10": "Ribbon",
        "2.20": "Single Sheet",
        "2.30": "Roll",
        "2.40": "Beta Barrel",
        "2.50": "Clam",
        "2.60": "Sandwich",
        "2.70": "Distorted Sandwich",
        "2.80": "Trefoil",
        "2.90": "Orthogonal Prism",
        "2.100": "Aligned Prism",
        "2.102": "3-layer Sandwich",
        "2.105": "3 Propeller",
        "2.110": "4 Propeller",
        "2.115": "5 Propeller",
        "2.120": "6 Propeller",
        "2.130": "7 Propeller",
        "2.140": "8 Propeller",
        "2.150": "2 Solenoid",
        "2.160": "3 Solenoid",
        "2.170": "Beta Complex",
        "2.180": "Shell",
        "3": "Alpha Beta",
        "3.10": "Roll",
        "3.15": "Super Roll",
        "3.20": "Alpha-Beta Barrel",
        "3.30": "2-Layer Sandwich",
        "3.40": "3-Layer(aba) Sandwich",
        "3.50": "3-Layer(bba) Sandwich",
        "3.55": "3-Layer(bab) Sandwich",
        "3.60": "4-Layer Sandwich",
        "3.65": "Alpha-beta prism",
        "3.70": "Box",
        "3.75": "5-stranded Propeller",
        "3.80": "Alpha-Beta Horseshoe",
        "3.90": "Alpha-Beta Complex",
        "3.100": "Ribosomal Protein L15; Chain: K; domain 2",
        "4": "Few Secondary Structures",
        "4.10": "Irregular",
        "6": "Special",
        "6.10": "Helix non-globular",
        "6.20": "Other non-globular",
    }
)
"""Names of the CATH classes and architectures (CATH v4.3, CC BY 4.0)."""
