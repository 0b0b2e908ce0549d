"""The dashboard in a real browser, as people use it: seen, by keyboard, in light and in dark."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.dashboard.site import HOSTILE_KEY, ROOT, Site

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

# Contrast as WCAG 2 defines it, of every text that a page shows, against what lies behind it.
_LOW_CONTRAST = """
const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const behind = e => { for (; e; e = e.parentElement) {
  const c = parse(getComputedStyle(e).backgroundColor);
  if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
const found = new Set();
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.getClientRects().length || e.closest('.hidden, .skip, option')) continue;
  const style = getComputedStyle(e), svg = e instanceof SVGElement;
  const [a, b] = [light(parse(svg ? style.fill : style.color)), light(behind(e))].sort();
  if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5)
    found.add(`${e.tagName}.${e.getAttribute('class')}: ${e.textContent.slice(0, 30)}`);
}
return [...found];
"""
_UNNAMED = """
const named = e => e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()
  || e.type === 'hidden';
return [
  ...[...document.querySelectorAll('input, select, button, a, summary')].filter(e => !named(e)),
  ...[...document.querySelectorAll('table')].filter(e => !e.caption?.textContent.trim()),
  ...[...document.querySelectorAll('svg')].filter(
    e => e.getAttribute('aria-hidden') !== 'true' && !e.getAttribute('aria-label')),
  ...[...document.querySelectorAll('[aria-labelledby]')].filter(
    e => !document.getElementById(e.getAttribute('aria-labelledby'))),
].map(e => e.outerHTML.slice(0, 120));
"""


@pytest.fixture(params=["light", "dark"])
def scheme(browser: Chrome, request: pytest.FixtureRequest) -> Iterator[str]:
    features = [{"name": "prefers-color-scheme", "value": request.param}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    yield request.param
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.fixture(autouse=True)
def _no_complaints(browser: Chrome) -> Iterator[None]:
    """Nothing that the policy blocks, and no error of a script."""
    yield
    complaints = [each for each in browser.get_log("browser") if "favicon" not in each["message"]]
    assert complaints == []


def _until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen")


def _run(browser: Chrome, script: str) -> Any:
    return browser.execute_script(script)


@pytest.mark.parametrize("page", ["/", "/entries", "/failures", "entry", "failed", "/nope"])
def test_pages_are_named_ordered_and_readable(
    browser: Chrome, site: Site, scheme: str, page: str
) -> None:
    keys = {"entry": "src/client.py", "failed": "fails"}
    path = site.entry(keys[page], open=1) if page in keys else page
    browser.get(site.url.rstrip("/") + path)
    dark = _run(browser, "return matchMedia('(prefers-color-scheme: dark)').matches")
    assert dark == (scheme == "dark")
    color = _run(browser, "return getComputedStyle(document.body).backgroundColor")
    assert color == {"light": "rgb(244, 246, 248)", "dark": "rgb(14, 19, 24)"}[scheme]
    assert _run(browser, _LOW_CONTRAST) == []
    assert _run(browser, _UNNAMED) == []
    count = "return document.querySelectorAll(arguments[0]).length"
    for selector in ("h1", "main", "nav[aria-label=Pages]", "html[lang=en]", "head > title"):
        assert browser.execute_script(count, selector) == 1, selector
    wide = "return document.documentElement.scrollWidth <= innerWidth"
    assert _run(browser, wide), "the page scrolls sideways"
    if page == "/nope":
        browser.get_log("browser")  # the 404 is meant


def test_the_keyboard_is_enough(browser: Chrome, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415

    browser.get(site.url + site.entry("src/client.py")[1:])
    active = lambda: browser.switch_to.active_element  # noqa: E731
    active().send_keys(Keys.TAB)
    assert active().text == "Skip to the content"
    active().send_keys(Keys.ENTER)
    assert active().get_attribute("id") == "main"
    for _ in range(40):
        active().send_keys(Keys.TAB)
        if active().tag_name == "summary":
            break
    summary = active()
    assert summary.tag_name == "summary"
    elided = browser.find_element("css selector", ".elided .text")
    assert not elided.is_displayed()
    summary.send_keys(Keys.ENTER)
    _until(elided.is_displayed, "opening an elided part")
    summary.send_keys(Keys.ENTER)
    _until(lambda: not elided.is_displayed(), "closing it")


def test_an_elided_part_and_its_place_lead_to_each_other(browser: Chrome, site: Site) -> None:
    browser.get(site.url + site.entry("src/client.py")[1:])
    mark = browser.find_element("css selector", "a.mark")
    target = mark.get_attribute("href").partition("#")[2]  # type: ignore[union-attr]
    note = browser.find_element("css selector", f"#{target} > summary")
    assert "elided" in note.text or "[…" in note.text
    note.send_keys("\n")
    back = browser.find_element("css selector", f"#{target} .source a")
    line = back.get_attribute("href").partition("#")[2]  # type: ignore[union-attr]
    assert mark.find_element("xpath", "ancestor::div[1]").get_attribute("id") == line


async def test_the_picture_follows_without_a_reload(browser: Chrome, site: Site) -> None:
    browser.get(site.url)
    _run(browser, "window.stayed = true")
    tiles = lambda: browser.find_element("css selector", ".tiles").text  # noqa: E731
    before = tiles()
    summary = browser.find_element("css selector", "details.data summary")
    summary.send_keys("\n")
    async with site.context() as context:
        await context.put("live", (ROOT / "sharedctx" / "keys.py").read_text(), agent="live-agent")
        await context.get("live", timeout=30)
        _until(lambda: tiles() != before, "an update of the figures")
        _until(lambda: "live-agent" in browser.page_source, "the new agent")
        await context.delete("live")
        _until(lambda: "live-agent" not in browser.page_source, "the removal")
    assert _run(browser, "return window.stayed")
    opened = "return document.querySelector('details.data').open"
    assert _run(browser, opened), "the update closed what the reader had opened"
    browser.find_element("link text", "Pause updates").click()
    _until(lambda: "Paused at" in browser.page_source, "the pause")


def test_hostile_content_does_nothing(browser: Chrome, site: Site) -> None:
    for path in (site.entry(HOSTILE_KEY, open=1), "/entries", "/"):
        browser.get(site.url + path[1:])
        time.sleep(0.5)
        assert _run(browser, "return typeof window.pwned") == "undefined"
    # What a page injects in spite of all escaping would still not run.
    browser.get(site.url)
    inject = """
    document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.pwned = 1">');
    const script = document.createElement('script');
    script.textContent = 'window.pwned = 1';
    document.body.append(script);
    """
    _run(browser, inject)
    time.sleep(0.5)
    assert _run(browser, "return typeof window.pwned") == "undefined"
    blocked = [each["message"] for each in browser.get_log("browser")]
    assert any("Content Security Policy" in message for message in blocked)


def test_it_works_without_scripts(browser: Chrome, site: Site) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{site.url}entries?agent=coder")
        browser.find_element("link text", "src/client.py").click()
        browser.find_element("css selector", ".elision summary").send_keys("\n")
        assert browser.find_element("css selector", ".elided .text").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
