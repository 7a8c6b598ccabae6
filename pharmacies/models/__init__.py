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
)
from pharmacies.models.regions import Region

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
    "Pharmacy",
    "PharmacyAlias",
    "PharmacyCell",
    "PharmacyStatus",
    "PharmacyToday",
    "RecoveryCode",
    "Region",
    "User",
]
