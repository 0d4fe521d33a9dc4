// Builds the harness with the packages of the page; `python -m tests.e2e.harness_page` runs it.
const packages = new URL("../../../static/node_modules/", import.meta.url).pathname;

export default {
  root: new URL(".", import.meta.url).pathname,
  base: "./",
  logLevel: "warn",
  resolve: { alias: { "matrix-js-sdk": `${packages}matrix-js-sdk` } },
  build: {
    target: "es2022",
    minify: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 10_000,
  },
};
