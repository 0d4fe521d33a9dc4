/**
 * QR codes of raw bytes, which those of verification are (client-server API, "QR code format").
 *
 * The browser's BarcodeDetector gives text, in which such bytes are lost; so a library reads them.
 */
import encodeQR from "qr";
import decodeQR from "qr/decode.js";

/** Rows of dots, dark ones true, with the quiet zone around that readers need. */
export function drawCode(data: Uint8ClampedArray): boolean[][] {
  const bytes = Uint8Array.from(data);
  // Low correction: a screen is not torn, and larger dots are read sooner.
  const options = { encoding: "byte", ecc: "low", border: 4, textEncoder: () => bytes } as const;
  return encodeQR("bytes", "raw", options);
}

/** The bytes of the code in a picture; null while there is none to be read. */
export function readCode(picture: ImageData): Uint8ClampedArray | null {
  const found: number[] = [];
  const textDecoder = (bytes: Uint8Array) => {
    found.push(...bytes);
    return "bytes";
  };
  try {
    decodeQR(picture, { textDecoder });
    return found.length > 0 ? Uint8ClampedArray.from(found) : null;
  } catch {
    return null;
  }
}
