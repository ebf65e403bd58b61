"""Pages and the key go to the servers that were named, and nowhere else."""

import pytest
from doubles.openai_server import OpenAiServer, openai_server, raw, said
from doubles.remote_reading import BILL, GOOD, SCHEMA, read, reader

from docproc.domain.errors import ReaderUnavailableError

pytestmark = pytest.mark.integration


def test_a_redirect_is_not_followed(server: OpenAiServer) -> None:
    with openai_server() as thief:
        server.replies(raw(b"", code=307, headers={"Location": f"{thief.url}/chat/completions"}))
        with pytest.raises(ReaderUnavailableError, match="points elsewhere"):
            read(server, api_key="sesame")
        assert thief.asked == []


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_gets_no_page(
    server: OpenAiServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    server.replies(said(GOOD))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with openai_server() as thief:
        monkeypatch.setenv(variable, thief.url.removesuffix("/v1"))
        assert reader(server, model=None, api_key="sesame").read(BILL, SCHEMA).record["total"] == "12.50"

        assert (thief.asked, thief.paths) == ([], [])
