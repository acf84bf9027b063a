"""A deployment without its tables says so, instead of looking empty."""

import pytest

from shared import app
from shared.domain.errors import Unavailable
from shared.domain.lead import Tab
from shared.ids import new_lead_id
from shared.settings import Settings
from shared.storage.exports import blobs
from shared.storage.tables import connect
from tests.builders import AT


async def test_missing_tables_are_unavailable_not_empty(settings: Settings) -> None:
    tables = connect(settings)
    ports = app.build(settings, tables, blobs.connect(settings)).ports
    try:
        for call in (
            ports.partners.ping(),
            ports.partners.sources("contoso"),
            ports.leads.get("contoso", new_lead_id(Tab.MARKETPLACE, AT)),
            ports.marks.put("contoso", "ann", new_lead_id(Tab.MARKETPLACE, AT), favorite=True),
        ):
            with pytest.raises(Unavailable):
                await call
    finally:
        await tables.close()
