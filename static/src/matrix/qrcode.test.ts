import { expect, it } from "vitest";
import { drawCode, readCode } from "./qrcode";

/** What a camera sees of it, at so many pixels a dot. */
function photograph(dots: boolean[][], scale: number): ImageData {
  const size = dots.length * scale;
  const data = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dark = dots[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
      data.set([dark ? 0 : 255, dark ? 0 : 255, dark ? 0 : 255, 255], (y * size + x) * 4);
    }
  }
  return { width: size, height: size, data, colorSpace: "srgb" } as ImageData;
}

it("carries every byte there is, as no text could", () => {
  const bytes = Uint8ClampedArray.from({ length: 256 }, (_, index) => index);
  expect(readCode(photograph(drawCode(bytes), 4))).toEqual(bytes);
});

it("sees no code where there is none", () => {
  const blank = Array.from({ length: 40 }, () => Array.from({ length: 40 }, () => false));
  expect(readCode(photograph(blank, 4))).toBeNull();
});
