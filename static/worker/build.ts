/** Makes `sw.js` beside index.html: the worker, with the names of the files just built. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Plugin, transformWithOxc } from "vite";

const SOURCE = fileURLToPath(new URL("./sw.ts", import.meta.url));

/** Languages and the encryption module are kept when they are first used. */
const KEPT_WHEN_USED = /\.wasm$|\/(first|client)-[a-z]{2}-[\w-]+\.js$/;

export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const names = Object.keys(bundle).sort();
      const shell = names.filter((name) => /\.(js|css)$/.test(name) && !KEPT_WHEN_USED.test(name));
      const files = ["./", "./config.json", ...shell.map((name) => `./${name}`)];
      const version = createHash("sha256").update(names.join("\n")).digest("hex").slice(0, 12);
      const { code } = await transformWithOxc(await readFile(SOURCE, "utf8"), SOURCE);
      const head = `const VERSION = ${JSON.stringify(version)}, SHELL = ${JSON.stringify(files)};\n`;
      this.emitFile({
        type: "asset",
        fileName: "sw.js",
        source: head + code.replace(/^export \{\};?/m, ""),
      });
    },
  };
}
