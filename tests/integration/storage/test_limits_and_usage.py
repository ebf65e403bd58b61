"""Limits, usage and audit on both databases: what replicas share, what is summed, who did what."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update

from docproc.domain.errors import NotFoundError, QuotaError, RateError, UsageError
from docproc.domain.ids import new_id
from docproc.services.audit_book import AuditFilter
from docproc.services.limits import Limits, admit_pages, admit_request, set_limits
from docproc.services.upkeep_records import Deed
from docproc.services.usage import UsageBy, UsageFilter
from docproc.storage.audit import SqlAuditLog
from docproc.storage.database import Database
from docproc.storage.limits import SqlLimitStore
from docproc.storage.service_tables import AUDIT, RATES, USAGE
from docproc.storage.tenants import SqlTenantStore
from docproc.storage.usage import SqlUsageStore

pytestmark = pytest.mark.integration


@pytest.fixture
def limits(database: Database) -> SqlLimitStore:
    for name in ("acme", "other"):
        SqlTenantStore(database).create(name)
    return SqlLimitStore(database)


def test_replicas_that_draw_at_the_same_time_get_no_more_than_the_bucket_holds(
    limits: SqlLimitStore, database: Database
) -> None:
    limits.set("acme", Limits(requests_per_s=0.0001, burst=5))
    replica = Database.open(database.engine.url.render_as_string(hide_password=False))
    stores, waits = [limits, SqlLimitStore(replica)], []

    def ask(number: int) -> bool:
        try:
            admit_request(stores[number % 2], "acme")
        except RateError as refused:
            waits.append(refused.retry_after_s)
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        admitted = list(pool.map(ask, range(20)))
    assert sum(admitted) == 5
    assert all(9_900 < wait_s <= 10_000 for wait_s in waits)
    for _ in range(20):  # another tenant has a bucket of its own, or none
        admit_request(limits, "other")
    replica.close()


def test_the_bucket_fills_with_time_and_no_further_than_it_holds(limits: SqlLimitStore, database: Database) -> None:
    def rest(time_passed: timedelta) -> None:
        with database.write() as connection:
            refilled_at = connection.scalars(select(RATES.c.refilled_at)).one()
            connection.execute(update(RATES).values(refilled_at=refilled_at - time_passed))

    limits.set("acme", Limits(requests_per_s=0.01, burst=3))
    assert [limits.take("acme") for _ in range(3)] == [0.0] * 3
    wait_s = limits.take("acme")
    assert 0 < wait_s <= 100
    rest(timedelta(seconds=wait_s - 50))
    assert 0 < limits.take("acme") <= 50
    rest(timedelta(seconds=50))
    assert limits.take("acme") == 0.0
    assert limits.take("acme") > 0
    rest(timedelta(days=1))
    assert [limits.take("acme") > 0 for _ in range(4)] == [False, False, False, True]


def test_pages_of_a_month_are_counted_until_the_next_begins(limits: SqlLimitStore, database: Database) -> None:
    set_limits(limits, "acme", Limits(pages_per_month=100), by="ada", audit=SqlAuditLog(database))
    now = limits.now()
    meter(database, tenant="acme", pages=99, at=now)
    meter(database, tenant="acme", pages=500, at=now.replace(day=1, hour=0, minute=0) - timedelta(hours=1))
    meter(database, tenant="other", pages=500, at=now)
    admit_pages(limits, "acme")
    admit_pages(limits, "other")
    meter(database, tenant="acme", pages=1, at=now)
    with pytest.raises(QuotaError, match="100 of 100 pages") as refused:
        admit_pages(limits, "acme")
    again = now + timedelta(seconds=refused.value.retry_after_s + 60)  # a minute for a slow machine
    assert (again.day, again.month != now.month) == (1, True)


def test_limits_are_of_tenants_that_exist_and_above_zero(limits: SqlLimitStore, database: Database) -> None:
    audit = SqlAuditLog(database)
    assert limits.get("acme") == Limits()
    for bad in (Limits(burst=0), Limits(requests_per_s=-1.0), Limits(pages_per_month=-5), Limits(keep_days=0)):
        with pytest.raises(UsageError, match="above 0"):
            set_limits(limits, "acme", bad, by="ada", audit=audit)
    for ask in (limits.get, limits.take, lambda name: limits.set(name, Limits())):
        with pytest.raises(NotFoundError, match="no tenant 'nobody'"):
            ask("nobody")
    given = Limits(requests_per_s=0.5, burst=2, pages_per_month=7, keep_days=30)
    set_limits(limits, "acme", given, by="ada", audit=audit)
    assert (limits.get("acme"), limits.get("other")) == (given, Limits())


JOBS = (UUID(int=1), UUID(int=2))


def meter(database: Database, *, tenant: str, pages: int, at: datetime, reader: str = "layout", job: int = 0) -> None:
    row = {"id": new_id(), "tenant": tenant, "job_id": JOBS[job], "reader": reader, "pages": pages, "tiles": 2 * pages}
    costs = {"prompt_tokens": 10 * pages, "output_tokens": pages, "seconds": pages / 2, "happened_at": at}
    with database.write() as connection:
        connection.execute(insert(USAGE).values(**row, **costs))


def test_usage_is_summed_as_asked_and_a_day_is_one_of_utc(database: Database) -> None:
    usage = SqlUsageStore(database)
    late, early = datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, 0, 1, tzinfo=UTC)
    meter(database, tenant="acme", pages=1, at=late)
    meter(database, tenant="acme", pages=2, at=early, reader="vlm", job=1)
    meter(database, tenant="acme", pages=4, at=early, job=1)
    meter(database, tenant="other", pages=8, at=early)
    if not database.is_sqlite:
        with database.write() as connection:  # whatever the server's zone is
            connection.execute(text("ALTER ROLE CURRENT_USER SET timezone = 'Pacific/Auckland'"))
        database.close()
    mine = UsageFilter(tenant="acme")

    (total,) = usage.sums(mine, by=())
    assert (total.pages, total.tiles, total.prompt_tokens, total.output_tokens, total.seconds) == (7, 14, 70, 7, 3.5)
    told = [(each.group, each.pages) for each in usage.sums(mine, by=(UsageBy.DAY, UsageBy.READER))]
    assert told == [
        ({"day": "2026-03-01", "reader": "layout"}, 1),
        ({"day": "2026-03-02", "reader": "layout"}, 4),
        ({"day": "2026-03-02", "reader": "vlm"}, 2),
    ]
    assert [(each.group[UsageBy.JOB], each.pages) for each in usage.sums(mine, by=(UsageBy.JOB,))] == [
        (str(JOBS[0]), 1),
        (str(JOBS[1]), 6),
    ]
    everybody = usage.sums(UsageFilter(tenant=None), by=(UsageBy.TENANT,))
    assert [(each.group[UsageBy.TENANT], each.pages) for each in everybody] == [("acme", 7), ("other", 8)]
    for since, before, pages in ((early, None, 6), (None, early, 1), (early, early, 0)):
        assert usage.sums(replace(mine, since=since, before=before), by=())[0].pages == pages
    assert list(usage.sums(UsageFilter(tenant="nobody"), by=(UsageBy.DAY,))) == []


def test_the_audit_is_read_page_by_page_by_its_tenant_alone(database: Database) -> None:
    audit = SqlAuditLog(database)
    for number in range(5):
        audit.note(Deed(tenant="acme", actor=f"a{number % 2}", action="record.read", subject=str(number)))
    audit.note(Deed(tenant="acme", actor="a0", action="record_x", subject="5"))
    audit.note(Deed(tenant="other", actor="a0", action="image.read", subject="6"))
    with database.write() as connection:  # some in the same moment
        connection.execute(
            update(AUDIT).where(AUDIT.c.subject != "0").values(happened_at=datetime(2026, 1, 1, tzinfo=UTC))
        )

    seen, place = [], None
    while found := audit.page_through("acme", wanted=AuditFilter(), after=place, limit=2):
        seen += [entry.deed.subject for entry in found]
        place = found[-1].place
    assert seen[0] == "0"
    assert sorted(seen) == ["0", "1", "2", "3", "4", "5"]
    for wanted, subjects in (
        (AuditFilter(actor="a1"), {"1", "3"}),
        (AuditFilter(action="record.read"), {"0", "1", "2", "3", "4"}),
        (AuditFilter(action="record."), {"0", "1", "2", "3", "4"}),
        (AuditFilter(subject="3"), {"3"}),
        (AuditFilter(since=datetime(2026, 1, 2, tzinfo=UTC)), {"0"}),
        (AuditFilter(before=datetime(2026, 1, 2, tzinfo=UTC)), {"1", "2", "3", "4", "5"}),
    ):
        assert {entry.deed.subject for entry in audit.page_through("acme", wanted=wanted)} == subjects
    assert [entry.deed.subject for entry in audit.page_through("other", wanted=AuditFilter())] == ["6"]
