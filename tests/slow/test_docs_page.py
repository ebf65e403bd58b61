"""The page that shows the API, in a real browser: whole, without an error, and without a word to any other host."""

import shutil

import pytest
from doubles.face import Place
from doubles.places import place

playwright = pytest.importorskip("playwright.sync_api", reason="a browser's driver: pip install playwright")

pytestmark = [pytest.mark.slow, pytest.mark.integration]
__all__ = ["place"]

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(_CHROMIUM is None, reason="no browser here: apt-get install chromium")
@pytest.mark.parametrize("place", ["alone"], indirect=True)
def test_a_browser_shows_every_operation_and_asks_nobody_else(place: Place) -> None:
    address, asked, troubles = place.addresses[0], [], []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{address}/docs")
        page.wait_for_selector(".opblock", timeout=60_000)
        operations = page.locator(".opblock").count()
        assert "docproc" in page.locator(".info .title").inner_text()
        page.locator(".opblock-summary").first.click()
        page.wait_for_selector(".opblock-body", timeout=30_000)
        page.screenshot(path=place.folder / "docs.png", full_page=False)
        browser.close()
    with place.client(None) as client:
        described = client.get("/openapi.json").json()["paths"]
    assert operations == sum(len(methods) for methods in described.values())
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert troubles == []
