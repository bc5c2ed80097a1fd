"""The page of an export in a real browser: whole, quiet, drawn, usable with 10,000 receipts, and printed."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from infra.operate.evidence.choice import lines_of
from infra.operate.evidence.figures import figures
from infra.operate.evidence.page import About, Hold, page
from ledger import RecordKey
from retention.evidence.export import exported
from tests.support.sealed import days_of

pytestmark = pytest.mark.browser

RECEIPTS = 10_000
SCHEMES = ("light", "dark")
SHOWN = Path(__file__).parents[2] / ".local" / "browser"
"""Where screenshots and the printed page are left, for people to look at."""


@dataclass
class Opened:
    """The page in a tab, what it complained of, and every request that it made."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "install Debian's chromium, or name one: make test-browser CHROMIUM=/path"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])  # it runs as root in CI
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    days = days_of(RECEIPTS)
    holds = [Hold(RecordKey("response#" + "1" * 32), ["<b>case</b> 42"], 1_795_334_400.0, ["legal"])]
    made = page(
        About("test", "all that was sealed", "evidence.html", 1_795_334_400.0),
        [day.seal for day in days],
        figures(line for _, _, _, line in lines_of(days)),
        holds,
        list(exported(days)),
    )
    path = tmp_path_factory.mktemp("page") / "evidence.html"
    path.write_bytes(made)
    return path


@pytest.fixture(params=SCHEMES)
def opened(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Opened]:
    context = browser.new_context(color_scheme=request.param, viewport={"width": 1200, "height": 900})
    tab = Opened(context.new_page())
    tab.listen()
    tab.page.goto(file.as_uri())
    yield tab
    context.close()


@pytest.fixture
def tab(browser: Browser, file: Path) -> Iterator[Page]:
    context = browser.new_context()
    made = context.new_page()
    made.goto(file.as_uri())
    yield made
    context.close()


def test_it_opens_without_a_complaint_and_no_request_leaves_it(opened: Opened, file: Path) -> None:
    expect(opened.page.locator("#count")).to_have_text(f"1 to 50 of {RECEIPTS + 60:,}")

    assert opened.complaints == []
    assert opened.requests == [file.as_uri()]
    SHOWN.mkdir(parents=True, exist_ok=True)
    scheme = opened.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'")
    opened.page.screenshot(path=SHOWN / f"evidence-{scheme}.png", full_page=True)


def test_it_lets_nothing_out_and_runs_nothing_but_its_own_script(tab: Page) -> None:
    # What an attacker's markup in a case's name would try.
    tried = tab.evaluate(
        """async () => {
            const blocked = [];
            document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
            await fetch("http://127.0.0.1:9/").catch(() => null);
            const image = new Image(); image.src = "http://127.0.0.1:9/x.png";
            const script = document.createElement("script"); script.textContent = "window.ran = true"; document.body.append(script);
            await new Promise((done) => setTimeout(done, 0));
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return { ran: window.ran === true, blocked };
        }"""
    )
    assert tried["ran"] is False
    assert {"connect-src", "img-src"} <= set(tried["blocked"])


def test_both_charts_are_drawn(opened: Opened) -> None:
    charts = opened.page.locator("svg.chart")
    assert charts.count() == 2
    bars = charts.evaluate_all(
        "all => all.map(svg => [...svg.querySelectorAll('rect')].map(bar => "
        "[bar.getBoundingClientRect().height, getComputedStyle(bar).fill, bar.querySelector('title').textContent]))"
    )
    days, lengths = bars
    assert len({title.partition(":")[0] for _, _, title in days}) == 30
    assert len({fill for _, fill, _ in days}) == 3, "each outcome has its colour"
    assert sum(int(re.sub(r"\D", "", title.partition(": ")[2])) for _, _, title in days) == RECEIPTS
    assert len(lengths) >= 5
    assert all(height > 0 for height, _, _ in [*days, *lengths])


def test_ten_thousand_receipts_are_searched_chosen_and_turned_over(tab: Page) -> None:
    count, rows = tab.locator("#count"), tab.locator("#rows tr")
    assert rows.count() == 50

    tab.locator("#last").click()
    expect(count).to_have_text(f"{RECEIPTS + 51:,} to {RECEIPTS + 60:,} of {RECEIPTS + 60:,}")
    tab.locator("#search").fill("response#12000007")
    expect(count).to_have_text("1 to 1 of 1")
    tab.locator("#search").fill("nothing like this")
    expect(count).to_have_text("Nothing matches.")
    tab.locator("#search").fill("")
    tab.locator("#kind").select_option("hold")
    expect(count).to_have_text("1 to 50 of 60")
    expect(rows.first).to_contain_text("place, <case> & 1, by legal")
    tab.locator("#next").click()
    expect(count).to_have_text("51 to 60 of 60")
    assert tab.locator("#next").is_disabled()


def test_each_line_shows_its_proof_as_it_is_in_the_file(tab: Page, file: Path) -> None:
    key = "response#12000007" + "0" * 24
    tab.locator("#search").fill(key)
    expect(tab.locator("#count")).to_have_text("1 to 1 of 1")
    tab.get_by_role("button", name="Show").click()

    line, path, roots = (each.inner_text() for each in tab.locator(".proof pre").all())
    (said,) = (json.loads(each) for each in file.read_text().splitlines() if f'"key":"{key}"' in each)
    assert json.loads(line) == said["line"]
    assert path.split() == said["path"]
    assert len(roots.split()) == 2
    tab.get_by_role("button", name="Hide").click()
    assert tab.locator(".proof").count() == 0


def test_what_people_wrote_is_shown_as_text(tab: Page) -> None:
    expect(tab.locator("#holds + table")).to_contain_text("<b>case</b> 42")
    assert tab.locator("main b").count() == 0


def test_every_text_can_be_read_in_both_schemes(opened: Opened) -> None:
    opened.page.get_by_role("button", name="Show").first.click()
    told = opened.page.evaluate(CONTRASTS)
    assert len(told) > 200
    faint = [each for each in told if each["ratio"] < 4.5]
    assert not faint, faint[:5]


def test_it_is_printed_with_its_figures_and_charts_and_without_its_controls(tab: Page) -> None:
    tab.emulate_media(media="print")
    assert tab.locator("svg.chart").first.is_visible()
    assert not tab.locator("#tools").is_visible()
    assert not tab.locator("#evidence").is_visible()
    SHOWN.mkdir(parents=True, exist_ok=True)
    printed = tab.pdf(path=SHOWN / "evidence.pdf", format="A4", print_background=False)
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 12, "a part of the table, not all of it"


def test_no_button_is_broken_into_lines_by_what_stands_beside_it(tab: Page) -> None:
    tab.locator("#kind").select_option("hold")
    expect(tab.locator("#count")).to_have_text("1 to 50 of 60")
    heights = tab.locator("#rows button").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert max(heights) < 30


def test_it_fits_a_narrow_screen(tab: Page) -> None:
    tab.set_viewport_size({"width": 400, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 400


CONTRASTS = """() => {
    const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
        for (; node; node = node.parentElement) { const color = numbers(getComputedStyle(node).backgroundColor); if (color.length < 4 || color[3] > 0) return color; }
        return [255, 255, 255];
    };
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest("svg, script, :disabled")) continue;
        const [one, other] = [light(numbers(getComputedStyle(node).color)), light(behind(node))].sort((a, b) => b - a);
        found.push({ text: node.textContent.slice(0, 40), ratio: (one + 0.05) / (other + 0.05) });
    }
    return found;
}"""
"""The contrast of each visible text with what is behind it, as WCAG 2 counts it."""
