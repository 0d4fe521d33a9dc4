import { expect, it } from "vitest";
import { attachmentOf } from "./items";

const FILE = {
  url: "mxc://server/id",
  key: { k: "key" },
  iv: "iv",
  hashes: { sha256: "hash" },
};

it("reads an encrypted recording with its length and waveform", () => {
  const found = attachmentOf({
    body: "recording.ogg",
    file: FILE,
    info: { mimetype: "audio/ogg", duration: 2500 },
    "org.matrix.msc1767.audio": { waveform: [0, 512, 4096, "x"] },
  });
  expect(found).toEqual({
    mxc: "mxc://server/id",
    name: "recording.ogg",
    mimetype: "audio/ogg",
    duration: 2.5,
    waveform: [0, 0.5, 1, 0],
    key: { k: "key", iv: "iv", sha256: "hash" },
  });
});

it.each([
  ["no address", { body: "a" }],
  ["another scheme", { body: "a", url: "javascript:alert(1)" }],
  ["an encrypted file without its key", { body: "a", file: { ...FILE, key: {} } }],
])("takes nothing from %s", (_, content) => {
  expect(attachmentOf(content)).toBeNull();
});

it("survives fields of the wrong type", () => {
  const content = { body: 5, url: "mxc://s/i", info: { duration: "long", mimetype: 7 } };
  expect(attachmentOf(content)).toMatchObject({ name: "file", duration: null, waveform: [] });
});
