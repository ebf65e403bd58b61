"""`docproc sealing`: the key that seals passwords of encrypted documents: made, and changed for a newer one."""

import base64
import json
import secrets

import typer

from docproc.cli.job_arguments import AsJson

app = typer.Typer(no_args_is_help=True, help="Sealed passwords: make a key, seal with a newer one.")

_KEY_BYTES = 32
#: rows in one transaction
_BATCH = 500


@app.command("key")
def key() -> None:
    """Make a sealing key and print it, and nothing else. Example: `docproc sealing key > secrets/docproc_sealing_key`.

    It goes to every process of the service as DOCPROC_SEALING_KEY. docproc keeps it nowhere: keep a copy.
    """
    typer.echo(base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode())


@app.command("renew")
def renew(as_json: AsJson = False) -> None:
    """Seal with the first key what older ones have sealed. Example: `docproc sealing renew`, once all have the new key.

    Afterwards the older keys can go. What is sealed with a key that is not here is named, and stays as it is.
    """
    from docproc.cli.desks import open_any_desk
    from docproc.domain.errors import UsageError

    sealed = open_any_desk().upkeep.sealed
    if not sealed.key_ids:
        raise UsageError("there is no sealing key: set DOCPROC_SEALING_KEY to the newer key, a comma, the older one")
    renewed = sealed.seal_again(batch=_BATCH)
    left = {key_id: jobs for key_id, jobs in sealed.counts().items() if key_id != sealed.key_ids[0]}
    if as_json:
        typer.echo(json.dumps({"key": sealed.key_ids[0], "renewed": renewed, "left": left}))
        return
    typer.echo(f"passwords of {renewed} jobs are sealed with the key {sealed.key_ids[0]} now")
    for key_id, jobs in left.items():
        typer.echo(f"of {jobs} jobs they stay sealed with {key_id}, which is not here, or are damaged")
