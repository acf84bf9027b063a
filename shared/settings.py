"""Every setting of a deployment, with its bounds and its reason; read from `LEADS_…` variables at first use.

`LEADS_EXPIRY_DAYS=14` sets `expiry_days`. Unknown `LEADS_…` names are refused, so that a misspelt one is not ignored.
"""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from shared.domain.deadlines import Windows
from shared.domain.intake.reoffer import Reoffer
from shared.domain.targets import Targets
from shared.ports.rules import ExportRules, ListRules, Rules

PREFIX = "LEADS_"


def _names(given: object) -> object:
    """Names that are separated by commas."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else given


ACCOUNT_NAME = r"^[a-z0-9]{3,24}$"
AccountName = Annotated[str, StringConstraints(pattern=ACCOUNT_NAME)]


def endpoints(connection: str | None, name: str | None) -> dict[str, str]:
    """The addresses of an account's tables (`table`) and blobs (`blob`), by its connection string or else by name."""
    said = dict(part.partition("=")[::2] for part in (connection or "").split(";"))
    said = {key.strip().lower(): value.strip() for key, value in said.items()}
    account, suffix = said.get("accountname", name), said.get("endpointsuffix", "core.windows.net")
    return {
        kind: said.get(f"{kind}endpoint", f"https://{account}.{kind}.{suffix}").rstrip("/").lower()
        for kind in ("table", "blob")
    }


def one_twice(accounts: Mapping[str | None, tuple[str | None, str | None]]) -> tuple[str | None, ...]:
    """The first two names of one account, of connection strings and names by what each is called; () if there are none.

    Whoever moves a partner from one to the other would delete what it has copied to itself.
    """
    seen: dict[str, str | None] = {}
    for called, how in accounts.items():
        for address in endpoints(*how).values():
            if seen.setdefault(address, called) != called:
                return seen[address], called
    return ()


class Settings(BaseModel):
    """Raises pydantic's ValidationError, which names every setting at fault and shows no secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    # Where the data is: a connection string on Azurite only, in Azure the account's name and an identity.
    storage_connection: SecretStr | None = None
    storage_account: str | None = None
    identity_client_id: str | None = None
    # Further accounts that a partner's registration may name (decision 19), as above; on Azurite a JSON object of names
    # of one's own choice and connection strings.
    data_accounts: Annotated[tuple[AccountName, ...], BeforeValidator(_names)] = ()
    data_connections: SecretStr | None = None
    # I3: where marketplaces' tables are, when not beside the data; the data's account has no keys to sign in with.
    marketplace_connection: SecretStr | None = None
    marketplace_account: str | None = None
    # Where messages say what to do next: the account of the platform's host, whose triggers read them. Its own settings
    # name it (`AzureWebJobsStorage`); without them timers find all work.
    queue_connection: SecretStr | None = None
    queue_endpoint: Annotated[str, Field(pattern=r"^https?://[!-.0-~]+(/[!-~]*)?$")] | None = None
    # Tests give every run tables of its own; a deployment leaves it empty.
    table_prefix: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9]{0,30})?$")] = ""

    # Partitions that hints are spread over: one takes 2,000 entities a second, and every look asks each of them.
    agenda_shards: Annotated[int, Field(ge=1, le=64)] = 1

    # The address callers use, for links in answers; without it the function app's host name.
    public_url: Annotated[str, Field(pattern=r"^https?://[^/]+(/.*)?$")] = "https://localhost/api"

    # Tokens (S1). `{tid}` in the issuer stands for the token's tenant: one issuer form only.
    token_issuer: str = "https://login.microsoftonline.com/{tid}/v2.0"  # noqa: S105 - an address
    token_keys_url: str = "https://login.microsoftonline.com/common/discovery/v2.0/keys"  # noqa: S105 - an address
    token_audience: str = ""
    # Clocks of the issuer and ours may differ; more than a minute would keep ended tokens alive.
    token_leeway_seconds: Annotated[int, Field(ge=0, le=300)] = 60
    # Whose `Operator` role counts: in any other tenant its own administrator could assign that role.
    operator_tenant: str = ""

    # A1, A2: A flame shorter than expiry is a warning; the bounds only keep out slips of the pen.
    expiry_days: Annotated[int, Field(ge=1, le=365)] = 14
    flame_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 72
    informational_months: Annotated[int, Field(ge=1, le=120)] = 6

    # M2: what partners are expected to do, as shares of 1; of the second they are to stay below.
    target_accepted: Annotated[float, Field(ge=0, le=1)] = 0.8
    target_expired: Annotated[float, Field(gt=0, le=1)] = 0.03
    target_won: Annotated[float, Field(ge=0, le=1)] = 0.07
    target_closed_60d: Annotated[float, Field(ge=0, le=1)] = 0.5

    # V1: whether and how long the name servers are asked if a domain takes mail; a sender waits for it.
    email_dns: bool = True
    email_dns_seconds: Annotated[float, Field(gt=0, le=5)] = 0.5
    # N1: Mail goes through Communication Services: by identity in Azure, by connection string on the stand-in.
    mail_endpoint: str | None = None
    mail_connection: SecretStr | None = None
    mail_sender: str = ""
    # The service's quotas for a domain of one's own (30 a minute, 100 an hour); a managed domain has 5 and 10.
    mails_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 30
    mails_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    # N1, A1: who is told when a partner has nobody, and of leads without a sender that expire.
    operator_mail: str | None = None
    # Where a partner's people read a lead and their leads, when not on the page that comes with this app;
    # {partnerId} and {leadId} are filled in.
    # Links hold them byte for byte, so nothing may stand in them that a link cannot hold.
    lead_url: Annotated[str, Field(pattern=r"^(https?://[!-.0-~]+(/[!-~]*)?)?$")] = ""
    leads_url: Annotated[str, Field(pattern=r"^(https?://[!-.0-~]+(/[!-~]*)?)?$")] = ""
    # U1: how people sign in to the page. The client is the token's audience where one registration is both.
    sign_in_client: str = ""
    sign_in_authority: Annotated[str, Field(pattern=r"^https://[!-.0-~]+(/[!-~]*)?$")] = (
        "https://login.microsoftonline.com/organizations"
    )
    sign_in_scope: str = ""
    # Another script with the functions of shared/pages/static/auth.js; the local host signs in by itself.
    sign_in_script: Annotated[str, Field(pattern=r"^(/[!-~]*)?$")] = ""
    # W4: on a developer's machine only, receivers on that machine.
    webhook_loopback: bool = False
    # V4: how long the same content without a key counts as the same submission.
    duplicate_window_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    # M7: which leads of the programme go on to another partner.
    reoffer: Reoffer = Reoffer.OFF
    # S5: how many months after it ended an archived lead is erased; unset for never.
    retention_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    # S2: how long the old key works after a rotation, so that nothing is refused while the sender changes over.
    source_key_overlap_hours: Annotated[int, Field(ge=0, le=24 * 31)] = 24
    # Q4, Q5. What a request reads to find what storage cannot look for, or to sort; then its page is short.
    list_scan_leads: Annotated[int, Field(ge=100, le=100_000)] = 10_000
    list_scan_seconds: Annotated[float, Field(ge=0.1, le=60)] = 5
    # X1: A request waits so long for its export, then a timer goes on; gateways give up after minutes.
    export_request_seconds: Annotated[float, Field(ge=0, le=60)] = 5
    # A file is a copy of contact details: long enough for a night's sync, and no longer (L9).
    export_kept_days: Annotated[int, Field(ge=1, le=365)] = 1
    # Whoever has the link has the file: long enough to fetch it, and no longer.
    export_link_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    # S3: what one partner may keep running at once, since each reads the whole partition.
    export_unfinished_max: Annotated[int, Field(ge=1, le=100)] = 10
    # S3: what one source or sender may submit to one instance; a programme sends a lead in ten seconds on average.
    intake_per_second: Annotated[float, Field(gt=0, le=10_000)] = 50
    intake_burst: Annotated[int, Field(ge=1, le=100_000)] = 200
    # S3: what one person or system may ask of one instance: pages ask for tens a minute, a sync for tens a second.
    calls_per_second: Annotated[float, Field(gt=0, le=10_000)] = 100
    calls_burst: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    # M1: who may show the search page of the directory, and what its forms answer, in a frame: any site, or those named
    # as in a policy, such as `https://www.programme.example`.
    frame_ancestors: Annotated[str, Field(pattern=r"^[ !-+--:<-~]+$")] = "*"
    # S3: marketplaces send a few KiB; a payload is one row, which holds 1 MiB with its keys.
    body_max_bytes: Annotated[int, Field(ge=1_024, le=900_000)] = 262_144

    @model_validator(mode="after")
    def _storage_is_named(self) -> Self:
        if not self.storage_connection and not self.storage_account:
            raise ValueError("set LEADS_STORAGE_ACCOUNT, or LEADS_STORAGE_CONNECTION on Azurite")
        return self

    @model_validator(mode="after")
    def _accounts_are_told_apart(self) -> Self:
        names = [*self.data_accounts, *self._connections(), *filter(None, [self.storage_account])]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                "LEADS_STORAGE_ACCOUNT, LEADS_DATA_ACCOUNTS and LEADS_DATA_CONNECTIONS name an account once:"
                f" {', '.join(twice)} is named twice"
            )
        own = self.storage_connection.get_secret_value() if self.storage_connection else None
        accounts: dict[str | None, tuple[str | None, str | None]] = {None: (own, self.storage_account)}
        accounts |= {name: (connection, name) for name, connection in self.further_accounts.items()}
        if same := one_twice(accounts):
            first, second = same[0] or "the deployment's own", same[1]
            raise ValueError(
                f"{second} and {first} are one account: each name in"
                " LEADS_DATA_ACCOUNTS and LEADS_DATA_CONNECTIONS is to be another one's"
            )
        return self

    def _connections(self) -> dict[str, str]:
        if self.data_connections is None:
            return {}
        fault = "LEADS_DATA_CONNECTIONS is to be a JSON object of names (3 to 24 of a-z and 0-9) and connection strings"
        try:
            found = json.loads(self.data_connections.get_secret_value())
        except json.JSONDecodeError:
            raise ValueError(fault) from None
        if not isinstance(found, dict) or not all(re.search(ACCOUNT_NAME, name) for name in found):
            raise ValueError(fault)
        if bad := [name for name, text in found.items() if not isinstance(text, str) or "AccountKey=" not in text]:
            raise ValueError(f"the connection string of {bad[0]} in LEADS_DATA_CONNECTIONS names no key")
        return found

    @property
    def further_accounts(self) -> dict[str, str | None]:
        """The further accounts by name, with their connection strings or, by identity, None."""
        return dict.fromkeys(self.data_accounts) | self._connections()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of an environment."""
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and value != ""
        }
        if endpoint := environment.get("AzureWebJobsStorage__queueServiceUri"):
            given.setdefault("queue_endpoint", endpoint)
        elif connection := environment.get("AzureWebJobsStorage"):
            # The client does not know the short form, which stands for the developer's own Azurite.
            is_short = connection.strip("; ") == "UseDevelopmentStorage=true"
            given.setdefault("queue_connection", given.get("storage_connection", "") if is_short else connection)
        if host := environment.get("WEBSITE_HOSTNAME"):
            given.setdefault("public_url", f"https://{host}/api")
        return cls.model_validate(given)

    @property
    def leads_page(self) -> str:
        """Where a partner's people read their leads; one page serves every partner, by the token."""
        return self.leads_url or f"{self.public_url}/app/leads"

    @property
    def lead_page(self) -> str:
        """Where they read one; `{leadId}`, and `{partnerId}` where a setting names it, are to be filled in."""
        return self.lead_url or f"{self.leads_page}/{{leadId}}"

    @property
    def profile_page(self) -> str:
        """Where they edit the business profile."""
        return f"{self.public_url}/app/profile"

    @property
    def preferences_page(self) -> str:
        """Where they say what they want to be told."""
        return f"{self.public_url}/app/preferences"

    @property
    def webhook_page(self) -> str:
        """Where they read what became of a webhook's deliveries; `{webhookId}` is to be filled in."""
        return f"{self.public_url}/app/webhooks/{{webhookId}}"

    def rules(self) -> Rules:
        """What the use cases need of it."""
        return Rules(
            windows=Windows(
                expiry=timedelta(days=self.expiry_days),
                flame=timedelta(hours=self.flame_hours),
                informational_months=self.informational_months,
            ),
            duplicate_window=timedelta(hours=self.duplicate_window_hours),
            source_key_overlap=timedelta(hours=self.source_key_overlap_hours),
            lists=ListRules(self.list_scan_leads, self.list_scan_seconds),
            export=ExportRules(
                request_seconds=self.export_request_seconds,
                kept=timedelta(days=self.export_kept_days),
                unfinished_max=self.export_unfinished_max,
            ),
            targets=Targets(self.target_accepted, self.target_expired, self.target_won, self.target_closed_60d),
            operator_mail=self.operator_mail,
            data_accounts=tuple(self.further_accounts),
            reoffer=self.reoffer,
            retention_months=self.retention_months,
            mails_per_minute=self.mails_per_minute,
            mails_per_hour=self.mails_per_hour,
        )
