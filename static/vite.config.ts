import { defineConfig } from "vitest/config";
import { FIRST } from "./src/text/texts.ts";
import { serviceWorker } from "./worker/build.ts";

/** A language is one file for the first paint and one for the rest, not one for each area. */
function sentences(id: string): string | null {
  const found = /locales\/(\w+)\/(\w+)\.json$/.exec(id);
  return found && `${FIRST.includes(found[2] as never) ? "first" : "client"}-${found[1]}`;
}

export default defineConfig({
  // Relative, so that the page works under any path of any host.
  base: "./",
  plugins: [serviceWorker()],
  build: {
    outDir: "dist",
    target: "es2022",
    // The Content-Security-Policy allows no data: scripts and needs no polyfill.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: sentences, debugName: "sentences" }] } },
    },
  },
  test: { include: ["src/**/*.test.ts"], setupFiles: ["src/text/test-setup.ts"] },
});
