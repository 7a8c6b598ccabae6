"""WHO and WHERE: regions, pharmacies, the people who speak for them, and the log of what people did."""

from pharmacies.models.accounts import Authenticator, FailedAttempts, Invitation, RecoveryCode
from pharmacies.models.audit import AuditEvent, AuditSeal, AuditUnsealed
from pharmacies.models.people import Membership, User
from pharmacies.models.pharmacies import (
    Chain,
    Designation,
    Pharmacy,
    PharmacyAlias,
    PharmacyCell,
    PharmacyStatus,
    PharmacyToday,
    Service,
)
from pharmacies.models.regions import Outline, Region
from pharmacies.models.shop import PlaceProposal, SpecialHours

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "AuditUnsealed",
    "Authenticator",
    "Chain",
    "Designation",
    "FailedAttempts",
    "Invitation",
    "Membership",
    "Outline",
    "Pharmacy",
    "PharmacyAlias",
    "PharmacyCell",
    "PharmacyStatus",
    "PharmacyToday",
    "PlaceProposal",
    "RecoveryCode",
    "Region",
    "Service",
    "SpecialHours",
    "User",
]
