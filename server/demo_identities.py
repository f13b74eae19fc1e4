"""The demo people 演示人物 and their stand-in WeChat identities. All of them are fictional."""

import hashlib
from dataclasses import dataclass

LOAD_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Who `demo:NAME` signs in as. Scope is `kind:code`, or `district`."""

    name: str
    label: str
    shown_as: str
    role: str
    scope: str = "district"
    zone: str | None = None


MAIN = (
    DemoPerson("driver", "货车司机", "林志远", "driver", zone="male"),
    DemoPerson("employee", "企业职工", "何小敏", "employee", zone="female"),
    DemoPerson("member", "党员", "陈建国", "member", "branch:YARD_BRANCH", zone="male"),
    DemoPerson("secretary", "支部书记", "黄永红", "branch_secretary", "branch:YARD_BRANCH"),
    DemoPerson("enterprise", "企业联系人", "苏雨晴", "enterprise_contact", "org:云港示范集运有限公司（虚构）"),
    DemoPerson("handler", "部门经办人", "郑明", "dept_handler", "department:qyfw"),
    DemoPerson("staff", "中心工作人员", "周师傅", "centre_staff", "centre:DRIVER_HOME"),
    DemoPerson("chain_office", "链党委办公室", "吴海", "chain_office", "chain:PORT"),
    DemoPerson("admin", "区级管理员", "管理员", "district_admin"),
)


def load_people() -> list[DemoPerson]:
    """`demo:driver-2` … `-200` and `demo:member-2` … `-200`, for load."""
    numbers = range(2, LOAD_PEOPLE + 1)
    drivers = [DemoPerson(f"driver-{n}", f"司机 {n}", f"司机{n:03d}", "driver", zone="male") for n in numbers]
    members = [
        DemoPerson(f"member-{n}", f"党员 {n}", f"党员{n:03d}", "member", "branch:YARD_BRANCH", zone="male")
        for n in numbers
    ]
    return drivers + members


ALL: dict[str, DemoPerson] = {person.name: person for person in (*MAIN, *load_people())}


def demo_openid(appid: str, name: str) -> str:
    """The openid the stand-in WeChat gives this demo person in this app: 28 characters, stable."""
    return "o" + hashlib.sha256(f"{appid}:{name}".encode()).hexdigest()[:27]


def demo_unionid(name: str) -> str:
    """One per person, the same in both apps, so that official account and mini-program are linked."""
    return "u" + hashlib.sha256(f"union:{name}".encode()).hexdigest()[:27]


def demo_phone(name: str) -> str:
    """A phone number of the range that is never given out."""
    return f"199{int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 10**8:08d}"
