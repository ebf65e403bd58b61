"""`docproc usage`: what was read for whom."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from docproc.cli.days import Day, in_utc
from docproc.domain.ids import LOCAL_TENANT
from docproc.services.usage import UsageBy

if TYPE_CHECKING:
    from docproc.services.usage import UsageSum


def usage(
    by: Annotated[list[UsageBy] | None, typer.Option("--by", help="Tell apart by these; by default by day.")] = None,
    since: Day = None,
    before: Day = None,
    tenant: Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose.")] = LOCAL_TENANT,
    everybody: Annotated[bool, typer.Option("--all-tenants", help="Of the whole service.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Sum up pages, tiles, tokens, reader seconds. Example: `docproc usage --by reader --since 2026-01-01`."""
    from docproc.cli.desks import open_any_desk
    from docproc.services.usage import UsageFilter

    wanted = UsageFilter(tenant=None if everybody else tenant, since=in_utc(since), before=in_utc(before))
    groups = by or [UsageBy.DAY]
    for each in open_any_desk().front.usage.sums(wanted, by=groups):
        typer.echo(json.dumps(_facts(each)) if as_json else _line(each, groups))


def _facts(used: "UsageSum") -> dict[str, object]:
    return {
        **{by.value: name for by, name in used.group.items()},
        "pages": used.pages,
        "tiles": used.tiles,
        "prompt_tokens": used.prompt_tokens,
        "output_tokens": used.output_tokens,
        "seconds": round(used.seconds, 3),
    }


def _line(used: "UsageSum", groups: list[UsageBy]) -> str:
    names = "  ".join(used.group[by] for by in dict.fromkeys(groups))
    tokens = f"{used.prompt_tokens:,} + {used.output_tokens:,} tokens"
    return f"{names}  {used.pages:,} pages  {used.tiles:,} tiles  {tokens}  {used.seconds:,.1f} s"
