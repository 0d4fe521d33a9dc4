import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative, so that the page works under any path of any host.
  base: "./",
  build: {
    outDir: "dist",
    target: "es2022",
    // The Content-Security-Policy allows no data: scripts and needs no polyfill.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1500,
  },
  test: { include: ["src/**/*.test.ts"] },
});
