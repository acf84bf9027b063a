"""The endpoints in process, on ports in memory, with tokens that are really signed and verified."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from local.issuer import AUDIENCE, Issuer
from shared import app, clock
from shared.domain.programme.partner import Partner
from shared.http.auth import SigningKeys, TokenVerifier
from shared.http.rate_limit import Remembered
from shared.settings import Settings
from tests.builders import AT, submission_body
from tests.fakes.ports import FakePorts, fake_ports
from tests.in_process import InProcess

P = "/partners/contoso"


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer("http://localhost:7071", Path(tmp_path_factory.mktemp("issuer")) / "key.pem")


@pytest.fixture
def in_memory(issuer: Issuer) -> Settings:
    return Settings(
        storage_connection=SecretStr("unused"),
        public_url="http://localhost:7071/api",
        token_issuer=issuer.template,
        token_audience=AUDIENCE,
        operator_tenant="operator",
    )


@pytest.fixture
def ports() -> FakePorts:
    return fake_ports()


@pytest.fixture
async def api(in_memory: Settings, ports: FakePorts, issuer: Issuer, fixed_clock: datetime) -> InProcess:
    """A client of the endpoints on fake ports, at the fixed time."""

    async def fetch() -> dict[str, Any]:
        return issuer.keys()

    verifier = TokenVerifier(in_memory, SigningKeys(fetch), ports.partners)
    limits = app.limits(in_memory)

    def seconds() -> float:
        return clock.offset.total_seconds()

    # What health said is given again for some seconds of the test's own clock.
    limits.health = Remembered(seconds)
    app.use(app.App(in_memory, ports, verifier, limits))
    return InProcess(issuer)


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """The trigger's clock stands at AT; tests move it by `clock.offset`, which is put back."""
    monkeypatch.setattr(clock, "offset", timedelta())
    monkeypatch.setattr(clock, "now", lambda: AT + clock.offset)
    return AT


@pytest.fixture
async def door(api: InProcess) -> str:
    """The intake path of a fresh source of the partner contoso."""
    body = {"name": "Contoso", "tenantIds": ["contoso"]}
    assert (await api.call("PUT", P, body, as_="Operator", tenant="operator")).status == 201
    # Another partner, whose people find nothing here; whose tenant nobody registered is told so instead.
    await app.current().ports.partners.put(Partner("fabrikam", "Fabrikam", ("fabrikam",), AT, AT))
    made = await api.call("POST", f"{P}/sources", {"name": "Marketplace"}, as_="Operator", tenant="operator")
    return str(made.json["intakeUrl"]).removeprefix("http://localhost:7071/api")


async def post_lead(api: InProcess, door: str, **changes: Any) -> str:
    reply = await api.call("POST", door, submission_body(**changes))
    assert reply.status == 201
    return str(reply.json["id"])
