"""Who may do what: one table. A new endpoint without an entry is refused, and a test says so.

`ACCESS` answers "may this kind of person come in at all" by endpoint; `ACTIONS` answers "may this
person do it to this thing" by role and scope, and is asked by the services.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

ROLES: dict[str, str] = {
    "driver": "司机",
    "employee": "职工",
    "member": "党员",
    "activist": "入党积极分子",
    "branch_secretary": "支部书记",
    "chain_office": "链党委办公室",
    "rotating_secretary": "轮值书记",
    "enterprise_contact": "企业联系人",
    "dept_handler": "部门经办人",
    "dept_editor": "部门政策编辑",
    "centre_staff": "中心工作人员",
    "adviser": "联系服务人员",
    "district_admin": "区级管理员",
}

GUEST = "guest"
"""Anyone may look (decision 8)."""
ANYONE = "anyone"
"""Anyone, and the token is not even looked at: signing in must work with an old one."""
SIGNED_IN = "signed_in"
"""Any signed-in person; what they see is their own."""


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A role somebody holds, where, and from when to when (half-open local days)."""

    role: str
    scope_kind: str
    scope_id: int | None
    from_on: date
    to_on: date | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """The person behind a request with the grants valid today."""

    person_id: int
    grants: tuple[GrantFacts, ...] = ()
    zone: str | None = None
    device_id: str | None = None
    name: str = field(default="", compare=False)

    def has_role(self, *roles: str) -> bool:
        return any(grant.role in roles for grant in self.grants)

    def scopes(self, role: str, scope_kind: str) -> frozenset[int]:
        """The ids of that scope kind in which the person holds the role."""
        return frozenset(
            g.scope_id for g in self.grants if g.role == role and g.scope_kind == scope_kind and g.scope_id is not None
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a thing belongs: `Scope("centre", 3)`. A district grant reaches every scope below it."""

    kind: str
    id: int | None


# action → the roles that may, where one of the thing's scopes is in their grant
ACTIONS: dict[str, frozenset[str]] = {
    "desk.run": frozenset({"centre_staff", "district_admin"}),
    "calendar.change": frozenset({"district_admin"}),
    "activity.host": frozenset({"branch_secretary", "chain_office", "rotating_secretary", "district_admin"}),
    "attendance.read": frozenset({"branch_secretary", "chain_office", "rotating_secretary", "district_admin"}),
    "org.act": frozenset({"enterprise_contact"}),
    "org.read": frozenset({"enterprise_contact", "adviser", "chain_office", "district_admin"}),
}


def may(actor: Actor, action: str, scopes: Iterable[Scope]) -> bool:
    """Whether one of the actor's grants allows the action in one of the thing's scopes."""
    roles = ACTIONS[action]
    wanted = {(scope.kind, scope.id) for scope in scopes}
    return any(
        g.role in roles and (g.scope_kind == "district" or (g.scope_kind, g.scope_id) in wanted) for g in actor.grants
    )


def runs_desk(actor: Actor, centre_id: int) -> bool:
    """Whether somebody is on duty at a centre's desk 值班台."""
    return may(actor, "desk.run", [Scope("centre", centre_id)])


# endpoint (blueprint.function) → GUEST, SIGNED_IN, or the roles that may come in
ACCESS: dict[str, str | frozenset[str]] = {
    # people
    "people.sign_in": ANYONE,
    "people.sign_in_staff": ANYONE,
    "people.sign_in_web": ANYONE,
    "people.sign_out": SIGNED_IN,
    "people.show_me": SIGNED_IN,
    "people.change_me": SIGNED_IN,
    "people.save_phone": SIGNED_IN,
    "people.claim": SIGNED_IN,
    "people.make_link_code": SIGNED_IN,
    # inbox
    "inbox.list_inbox": SIGNED_IN,
    "inbox.read_item": SIGNED_IN,
    # subscribe messages
    "subscribe.list_templates": GUEST,
    "subscribe.record_consents": SIGNED_IN,
    # centres and bookings: whose booking, and which desk, is asked by the services
    "centres.list_centres": GUEST,
    "centres.show_centre": GUEST,
    "centres.list_services": GUEST,
    "centres.show_service": GUEST,
    "centres.show_availability": GUEST,
    "centres.show_month": GUEST,
    "bookings.create_booking": SIGNED_IN,
    "bookings.list_bookings": SIGNED_IN,
    "bookings.show_booking": SIGNED_IN,
    "bookings.cancel_booking": SIGNED_IN,
    # calendars: the signed link itself is the key
    "calendars.show_booking": SIGNED_IN,
    "calendars.show_feed": SIGNED_IN,
    "calendars.renew_feed": SIGNED_IN,
    "calendars.read_feed": GUEST,
    "calendars.read_booking": GUEST,
    # notices: at which centre is asked by the service
    "notices.list_notices": GUEST,
    "notices.post_notice": ACTIONS["desk.run"],
    "notices.change_notice": ACTIONS["desk.run"],
    # the wait-list: whose entry it is, is asked by the services
    "waitlist.join": SIGNED_IN,
    "waitlist.list_entries": SIGNED_IN,
    "waitlist.show_entry": SIGNED_IN,
    "waitlist.change_entry": SIGNED_IN,
    "waitlist.accept": SIGNED_IN,
    "waitlist.decline": SIGNED_IN,
    "waitlist.cancel": SIGNED_IN,
    "waitlist.join_by_desk": ACTIONS["desk.run"],
    "booking_changes.move": SIGNED_IN,
    "booking_changes.be_late": SIGNED_IN,
    "booking_changes.extend": SIGNED_IN,
    "marks.list_mine": SIGNED_IN,
    "marks.contest": SIGNED_IN,
    "marks.list_contested": ACTIONS["desk.run"],
    "marks.waive": ACTIONS["desk.run"],
    "marks.keep": ACTIONS["desk.run"],
    "desk.confirm": ACTIONS["desk.run"],
    "desk.refuse": ACTIONS["desk.run"],
    "desk.check_in": ACTIONS["desk.run"],
    "desk.complete": ACTIONS["desk.run"],
    "desk.mark_no_show": ACTIONS["desk.run"],
    "desk.undo": ACTIONS["desk.run"],
    "desk.change_unit": ACTIONS["desk.run"],
    "desk_board.show_board": ACTIONS["desk.run"],
    "desk_board.find": ACTIONS["desk.run"],
    "desk_board.walk_in": ACTIONS["desk.run"],
    "desk_board.arrive": ACTIONS["desk.run"],
    "desk_sync.show_offline": ACTIONS["desk.run"],
    "desk_sync.sync": ACTIONS["desk.run"],
    "desk_sync.list_conflicts": ACTIONS["desk.run"],
    "desk_sync.settle_conflict": ACTIONS["desk.run"],
    "attendants.list_attendants": ACTIONS["desk.run"],
    "attendants.set_pin": ACTIONS["desk.run"],
    "attendants.take_desk": ACTIONS["desk.run"],
    "shift_notes.list_notes": ACTIONS["desk.run"],
    "shift_notes.add_note": ACTIONS["desk.run"],
    "shift_notes.settle_note": ACTIONS["desk.run"],
    "calendar_days.list_days": ACTIONS["desk.run"],
    "calendar_days.change_day": ACTIONS["calendar.change"],
    # closures, hours, rosters: at which centre is asked by the services
    "closures.list_closures": ACTIONS["desk.run"],
    "closures.close": ACTIONS["desk.run"],
    "closures.reopen": ACTIONS["desk.run"],
    "closures.undo": ACTIONS["desk.run"],
    "opening_changes.show_hours": ACTIONS["desk.run"],
    "opening_changes.change_hours": ACTIONS["desk.run"],
    "opening_changes.change_days": ACTIONS["desk.run"],
    "opening_changes.drop_days": ACTIONS["desk.run"],
    "rosters.list_rosters": ACTIONS["desk.run"],
    "rosters.add_duty": ACTIONS["desk.run"],
    "rosters.end_duty": ACTIONS["desk.run"],
    # activities and check-in: who hosts is asked by the services
    "activities.list_activities": GUEST,
    "activities.show_activity": GUEST,
    "activities.create_activity": ACTIONS["activity.host"],
    "activities.publish_activity": ACTIONS["activity.host"],
    "activities.register": SIGNED_IN,
    "activities.cancel_registration": SIGNED_IN,
    "activities.ask_leave": SIGNED_IN,
    "check_ins.show_display_code": ACTIONS["activity.host"],
    "check_ins.issue_scan_ticket": ANYONE,
    "check_ins.check_in": SIGNED_IN,
    "check_ins.list_attendance": ACTIONS["attendance.read"],
    "check_ins.count_heads": ACTIONS["activity.host"],
    # policies
    "policies.list_policies": GUEST,
    "policies.list_categories": GUEST,
    "policies.search": GUEST,
    "policies.show_policy": GUEST,
    "policies.check": ACTIONS["org.read"],
    "policies.match": ACTIONS["org.read"],
    "policies.show_check": ACTIONS["org.read"],
    "orgs.show_org": ACTIONS["org.read"],
    "orgs.save_facts": ACTIONS["org.act"],
    # bot and demands
    "bot.send_message": GUEST,
    "demands.create_demand": SIGNED_IN,
    "demands.submit_demand": SIGNED_IN,
    "demands.list_demands": SIGNED_IN,
    "demands.show_demand": SIGNED_IN,
    # app
    "app_config.show": ANYONE,
}


def access_of(endpoint: str) -> str | frozenset[str] | None:
    """The entry of an endpoint; None means nobody."""
    return ACCESS.get(endpoint)
