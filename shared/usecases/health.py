"""Says whether the system can do its work."""

from dataclasses import dataclass

from shared.domain.errors import Unavailable
from shared.ports import Ports


@dataclass(frozen=True)
class Health:
    """What was checked, by name; True = in order."""

    checks: dict[str, bool]

    @property
    def healthy(self) -> bool:
        """True when every check is in order."""
        return all(self.checks.values())


async def check_health(*, ports: Ports) -> Health:
    """Ask storage for a row."""
    try:
        await ports.partners.ping()
    except Unavailable:
        return Health({"storage": False})
    return Health({"storage": True})
