"""What a processor, a kernel or a system is called, as far as the name is one of a known form.

Owns these forms, an allow-list: what a firmware or an administrator wrote into such a name is taken for none. Sources:
model names of /proc/cpuinfo (proc(5)) as Intel, AMD and Arm have them; PRETTY_NAME of os-release(5).
"""

import re

MARKETING = re.compile(
    r"\((?:R|TM|C)\)|\bCPU\b|\bProcessor\b|@.*|\bwith (?:Radeon|AMD).*|\b\d{1,3}-Core\b", re.IGNORECASE
)
"""What the names of one model may have or lack."""
MODELS = re.compile(
    r"""
    (?: (?:1\d(?:th|st|nd|rd)\ Gen\ )? Intel\ (?:
            (?:Core\ )? [NU]\d{2,3}                          # N100, Core U300
          | Core\ i[3579]-N?\d{3,5}[A-Z]{0,3}\d?
          | Core\ (?:Ultra\ )?[3579]\ \d{3}[A-Z]{0,2}
          | Core\ [mM][357]-\d[A-Z]\d{2}
          | (?:Celeron|Pentium|Atom)(?:\ (?:Gold|Silver))?\ [A-Z]?\d{3,4}[A-Z]{0,2}
          | Xeon(?:\ (?:Platinum|Gold|Silver|Bronze|Max|E|W|D))?(?:\ [EWDX]?\d?-?\d{3,5}[A-Z]{0,2}(?:\ v\d)?)?
        )
      | AMD\ (?:
            Ryzen\ (?:AI\ )?(?:Threadripper|Embedded|[3579])?(?:\ PRO)?(?:\ HX|\ Max\+?)?(?:\ [A-Z]?\d{3,4}[A-Z]{0,3})?
          | EPYC(?:\ \d[A-Z0-9]{2}\d[A-Z]{0,2}|\ \d{4}[A-Z]{0,2})?
          | (?:Athlon|Embedded|GX)(?:\ (?:Gold|Silver))?(?:\ [A-Z]?-?\d{3,4}[A-Z]{0,2})?
        )
      | (?:Ampere\ Altra(?:\ Max)? | AWS\ Graviton\d? | Neoverse-[NV]\d | Cortex-[AX]\d{1,3}[A-Z]{0,2})
    )""",
    re.VERBOSE,
)
KERNEL = re.compile(r"(\d{1,2}\.\d{1,3})(?!\d)")
SYSTEM = re.compile(r"(Debian GNU/Linux|Ubuntu) (\d{1,2}(?:\.\d{1,2})?)(?!\d)")
NAMES = {"Debian GNU/Linux": "debian", "Ubuntu": "ubuntu"}


def processor_name(text: object) -> str | None:
    """Return a processor's maker and model; None where it is none of the known forms.

    >>> from bench.analysis.hardware_names import processor_name
    >>> processor_name("Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz")
    'Intel Core i5-8250U'
    >>> processor_name("Intel(R) N100 of me@example.org")
    """
    if not isinstance(text, str):
        return None
    name = " ".join(MARKETING.sub(" ", text).split())
    return name if MODELS.fullmatch(name) else None


def kernel_release(text: object) -> str | None:
    """Return the first two numbers of a kernel's release, which its builder has no part in.

    >>> from bench.analysis.hardware_names import kernel_release
    >>> kernel_release("6.1.0-28-amd64")
    '6.1'
    """
    found = KERNEL.match(text) if isinstance(text, str) else None
    return found[1] if found else None


def system_name(text: object) -> str | None:
    """Return a system and its version; ``other`` of one that is none of the known.

    >>> from bench.analysis.hardware_names import system_name
    >>> system_name("Debian GNU/Linux 12 (bookworm)")
    'debian 12'
    """
    if not isinstance(text, str):
        return None
    found = SYSTEM.match(text)
    return f"{NAMES[found[1]]} {found[2]}" if found else "other"
