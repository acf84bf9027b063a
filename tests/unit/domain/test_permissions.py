"""Who may do what (S1)."""

import pytest

from shared.domain.errors import AccessDenied, NotFound
from shared.domain.permissions import Caller, Role, may_enter, roles_of


def test_roles_imply_roles() -> None:
    assert roles_of(["Partner.Admin"], from_operator_tenant=False) == {
        Role.PARTNER_ADMIN,
        Role.LEADS_ADMIN,
        Role.PROFILE_ADMIN,
        Role.LEADS_USER,
    }
    assert roles_of(["Leads.User", "Unknown"], from_operator_tenant=False) == {Role.LEADS_USER}
    assert roles_of("Leads.Admin", from_operator_tenant=False) == frozenset()


def test_s1_operator_counts_from_the_operators_own_tenant_only() -> None:
    assert roles_of(["Operator"], from_operator_tenant=True) == {Role.OPERATOR}
    assert roles_of(["Operator"], from_operator_tenant=False) == frozenset()


def test_s1_another_partners_anything_is_not_found_and_a_missing_role_is_denied() -> None:
    admin = frozenset({Role.LEADS_ADMIN})
    caller = Caller("t", "ann", roles=frozenset({Role.LEADS_USER}), partner_id="contoso")
    with pytest.raises(NotFound):
        may_enter(caller, "fabrikam", frozenset({Role.LEADS_USER}), reads=True)
    with pytest.raises(AccessDenied):
        may_enter(caller, "contoso", admin, reads=False)
    may_enter(caller, "contoso", frozenset({Role.LEADS_USER}), reads=False)


def test_the_operator_reads_everything_and_changes_nothing_of_a_partner() -> None:
    caller = Caller("operator", "op", roles=frozenset({Role.OPERATOR}))
    may_enter(caller, "contoso", frozenset({Role.LEADS_USER}), reads=True)
    may_enter(caller, "contoso", frozenset({Role.OPERATOR}), reads=False)
    with pytest.raises(AccessDenied):
        may_enter(caller, "contoso", frozenset({Role.LEADS_ADMIN}), reads=False)
