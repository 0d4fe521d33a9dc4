"""Draw `static/public/icons/*.png` from `icon.svg`: ``python tools/draw_icons.py``.

Installed pages want pictures of fixed sizes. A maskable one fills its square, with the drawing
inside the middle four fifths, as systems cut it to a shape of their own (W3C, Web Application
Manifest, "Icon masks").
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

PUBLIC = Path(__file__).resolve().parent.parent / "static" / "public"
CHROMIUM = "/usr/bin/chromium"
ROUNDED = ' rx="16"'
SAFE_ZONE = '<path transform="translate(6.4 6.4) scale(.8)"'


async def draw() -> None:
    drawing = (PUBLIC / "icon.svg").read_text()
    masked = drawing.replace(ROUNDED, "").replace("<path", SAFE_ZONE)
    icons = {
        "icon-192": (drawing, 192),
        "icon-512": (drawing, 512),
        "maskable-192": (masked, 192),
        "maskable-512": (masked, 512),
        "touch-180": (drawing.replace(ROUNDED, ""), 180),
    }
    (PUBLIC / "icons").mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, (svg, size) in icons.items():
            page = await browser.new_page(viewport={"width": size, "height": size})
            await page.set_content(f"<style>* {{ margin: 0; display: block }}</style>{svg}")
            await page.screenshot(path=PUBLIC / "icons" / f"{name}.png", omit_background=True)
        await browser.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(draw()))
