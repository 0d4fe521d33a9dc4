"""axe-core on a page: what it finds against WCAG 2.2 AA and good practice."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.async_api import Page

from tests.e2e.browser import DESKTOP, SMALL_PHONE
from tools.build_page import STATIC

SOURCE = STATIC / "node_modules" / "axe-core" / "axe.min.js"
# Its only rule for 2.2 that axe does not run by itself.
ASKED = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}

NEXT_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"""


@dataclass(frozen=True)
class Look:
    """How the page is looked at."""

    dark: bool
    size: tuple[int, int]
    language: str

    def __str__(self) -> str:
        return f"{'dark' if self.dark else 'light'} {self.size[0]} px {self.language}"


LOOKS = [
    Look(dark, size, language)
    for language in ("en", "ar")
    for size in (DESKTOP, SMALL_PHONE)
    for dark in (False, True)
]
# The two that differ in everything.
SHORT = [LOOKS[0], LOOKS[-1]]


async def put_on(page: Page, look: Look) -> None:
    """Without a reload: a call would end."""
    await page.emulate_media(color_scheme="dark" if look.dark else "light", reduced_motion="reduce")
    await page.set_viewport_size({"width": look.size[0], "height": look.size[1]})
    await page.evaluate(
        """language => {
          const choice = document.querySelector('[data-testid="language"]');
          choice.value = language;
          choice.dispatchEvent(new Event("change", { bubbles: true }));
        }""",
        look.language,
    )
    await page.wait_for_function(
        "language => document.documentElement.lang === language", arg=look.language
    )
    # Colours change with the frame after the next, where they would otherwise glide there.
    await page.evaluate(NEXT_FRAMES)


async def problems(page: Page) -> list[str]:
    """One line for each element and rule."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SOURCE.read_text())
    found = await page.evaluate("asked => axe.run(document, asked)", ASKED)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
