"""Who may do what (S1–S6): roles, what they imply, and whose data a caller may touch."""

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.errors import AccessDenied, NotFound
from shared.domain.lead import Actor
from shared.domain.messages import say


class Role(StrEnum):
    """The token's `roles` as they are written there."""

    LEADS_ADMIN = "Leads.Admin"
    LEADS_USER = "Leads.User"
    PROFILE_ADMIN = "Profile.Admin"
    PARTNER_ADMIN = "Partner.Admin"
    SENDER = "Sender"
    OPERATOR = "Operator"


IMPLIES = {
    Role.PARTNER_ADMIN: (Role.LEADS_ADMIN, Role.PROFILE_ADMIN, Role.LEADS_USER),
    Role.LEADS_ADMIN: (Role.LEADS_USER,),
    Role.PROFILE_ADMIN: (Role.LEADS_USER,),
}


@dataclass(frozen=True)
class Caller:
    """Who signed in: `person` is the token's oid, `partner_id` the partner its tenant belongs to.

    `client` is the application that asked for the token; `email` is what the token says and nothing is decided by.
    """

    tenant: str
    person: str
    name: str | None = None
    roles: frozenset[Role] = frozenset()
    partner_id: str | None = None
    is_operators: bool = False
    client: str | None = None
    email: str | None = None

    def actor(self) -> Actor:
        """The caller as history names it."""
        return Actor("person", self.person, self.name)


def roles_of(names: object, *, from_operator_tenant: bool) -> frozenset[Role]:
    """The roles that a token's claim grants, implied ones included; unknown names grant nothing.

    `Operator` counts only from the operator's own tenant: in a multi-tenant application every customer's administrator
    can assign any of its roles in the customer's tenant (S1).
    """
    known = {str(role): role for role in Role}
    held = {known[name] for name in names if name in known} if isinstance(names, list) else set()
    if not from_operator_tenant:
        held.discard(Role.OPERATOR)
    return frozenset(held.union(*(IMPLIES.get(role, ()) for role in held)))


def may_enter(caller: Caller, partner_id: str, needed: frozenset[Role], *, reads: bool) -> None:
    """Let the caller at a partner's data or raise: NotFound for another partner's anything, AccessDenied for a role.

    Whoever comes from a tenant that nobody registered is denied, too. `needed` are the roles of which one is enough;
    the operator may read everything of every partner.
    """
    if Role.OPERATOR in caller.roles and (reads or Role.OPERATOR in needed):
        return
    if caller.partner_id != partner_id:
        if Role.OPERATOR in caller.roles:
            raise AccessDenied("The operator may read this but not change it.")
        must_belong(caller)
        raise NotFound
    must_have(caller, needed)


def must_have(caller: Caller, needed: frozenset[Role]) -> None:
    """Raise AccessDenied unless the caller holds one of the roles."""
    if not caller.roles & needed:
        raise AccessDenied(say("This needs one of the roles %(roles)s.", roles=", ".join(sorted(needed))))


def must_belong(caller: Caller) -> None:
    """Raise AccessDenied for whoever comes from a tenant that is neither the operator's nor a partner's (S1)."""
    if not (caller.is_operators or caller.partner_id):
        raise AccessDenied(
            say(
                "Your organisation (tenant %(tenant)s) is neither the operator nor a partner of this programme;"
                " ask the programme's operator to register it.",
                tenant=caller.tenant,
            )
        )
