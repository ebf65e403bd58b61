"""`docproc serve`: the API over HTTP; alone it is a whole service on one machine, else the face of a service."""

import ipaddress
import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

import docproc
from docproc.domain.errors import UsageError
from docproc.observability import event

if TYPE_CHECKING:
    from docproc.bootstrap import Desk

logger = logging.getLogger(__name__)

_PORT = 8080
#: what the first key is called
_FIRST_KEY = "first"


def serve(
    host: Annotated[
        str, typer.Option(help="Address to answer at; another than loopback needs keys first.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = _PORT,
    forwarded_allow_ips: Annotated[
        str, typer.Option(metavar="IPS", help="Proxies whose word on the client's address counts; parted by commas.")
    ] = "127.0.0.1",
) -> None:
    """Answer the REST API. Example: `docproc serve`, and submit with the curl line that it prints.

    Without settings it works by itself: SQLite and a folder, pages read on this machine's processors. With
    DOCPROC_DATABASE_URL of a Postgres it is the face of a service, of which there may be any number.
    """
    from docproc.api.serving import listen
    from docproc.api.serving import serve as answer
    from docproc.api.wiring import open_face
    from docproc.bootstrap import load_settings, open_desk, open_service_desk
    from docproc.observability.logs import begin_logs
    from docproc.observability.tracing import begin_traces, end_traces

    settings = load_settings()
    is_service = settings.database_url is not None and not settings.database.startswith("sqlite")
    desk = open_service_desk(settings) if is_service else open_desk(settings)
    token = _first_key(desk, host, is_service=is_service)
    listener = listen(host, port)
    begin_logs(sys.stderr, level=settings.log_level, form=settings.log_format)
    begin_traces(settings.trace_endpoint, part="api")
    address = _address(host, listener.getsockname()[1])

    with open_face(desk, is_service=is_service) as face:
        greeting = Greeting(address=address, token=token, is_service=is_service)
        answer(face, listener, proxies=forwarded_allow_ips, on_ready=lambda: _say(greeting))
        typer.echo("ending: what is in flight is finished, or goes on the next time", err=True)
    event(logger, "served")
    end_traces()


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What is told when the first request can come."""

    address: str
    #: of a key that was made just now
    token: str | None
    is_service: bool


def _first_key(desk: "Desk", host: str, *, is_service: bool) -> str | None:
    """The token of a key made now, when there is none yet and nobody else could use it.

    Raises UsageError when others could ask and nobody has a key.
    """
    from docproc.cli.person import person
    from docproc.domain.ids import LOCAL_TENANT
    from docproc.services.key_records import KeyTerms, Scope
    from docproc.services.keys import create_key

    if desk.front.keys.any_live():
        return None
    if is_service or not _is_loopback(host):
        raise UsageError(
            "there is no key that anybody could ask with: docproc keys create NAME --scope submit --scope read"
        )
    terms = KeyTerms(name=_FIRST_KEY, scopes=frozenset({Scope.ADMIN}))
    made = create_key(desk.front.keys, terms, tenant=LOCAL_TENANT, by=person(), audit=desk.upkeep.audit)
    return made.token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 shown
    return f"http://{shown}:{port}"


def _say(greeting: Greeting) -> None:
    """On standard output, where a script can read it; a key is shown this once."""
    key = greeting.token or "$DOCPROC_KEY"
    typer.echo(f"docproc answers at {greeting.address}  (the API as a page: {greeting.address}/docs)")
    if greeting.token is not None:
        typer.echo(f"key  {greeting.token}   (shown this once: docproc keeps only a hash)")
    typer.echo(
        f"try  curl -H 'Authorization: Bearer {key}' -F schema=invoice -F files=@bill.pdf "
        f"'{greeting.address}/v1/jobs?wait=30'"
    )
    mode = "service" if greeting.is_service else "alone"
    event(logger, "serving", address=greeting.address, mode=mode, version=docproc.__version__)
