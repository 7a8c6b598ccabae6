"""Log-in, second factor, recovery, invitations, sessions, and the start page."""

from django.urls import path

from prices.views.staff import accounts, enrol, invitations, own

urlpatterns = [
    path("staff", accounts.start, name="start"),
    path("staff/login", accounts.login, name="login"),
    path("staff/code", accounts.code, name="code"),
    path("staff/recovery", accounts.recover, name="recovery"),
    path("staff/enrol", enrol.enrol, name="enrol"),
    path("staff/recovery-codes", enrol.recovery_codes, name="recovery-codes"),
    path("staff/password", own.password, name="password"),
    path("staff/sessions", own.own_sessions, name="sessions"),
    path("staff/logout", accounts.logout, name="logout"),
    path("staff/alive", accounts.alive, name="alive"),
    path("staff/resume", accounts.resume, name="resume"),
    path("staff/invitation", invitations.typed, name="invitation-typed"),
    path("staff/invitation/<str:token>", invitations.invitation, name="invitation"),
    path("staff/invitations/<int:pk>/slip", invitations.slip, name="slip"),
]
