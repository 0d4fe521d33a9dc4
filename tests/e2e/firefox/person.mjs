// One person with the page in Firefox: reads commands from standard input, one JSON list a line,
// and answers each with a line, as Playwright does not drive Debian's Firefox.
import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const PATIENCE = 60_000;

const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.peerconnection.ice.loopback": true,
    "media.peerconnection.ice.obfuscate_host_addresses": false,
  },
});
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE);
const at = (testid) => `[data-testid="${testid}"]`;

const commands = {
  open: (url) => page.goto(url),
  type: (testid, text) => page.locator(at(testid)).fill(text),
  click: (testid) => page.locator(at(testid)).click(),
  appears: (selector) => page.waitForSelector(selector).then(() => null),
  goes: (selector) => page.waitForFunction((s) => !document.querySelector(s), {}, selector),
  text: (testid) => page.$eval(at(testid), (element) => element.textContent),
  data: (testid, name) => page.$eval(at(testid), (element, key) => element.dataset[key], name),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  try {
    const result = await commands[name](...args);
    const plain = typeof result === "string" ? result : null;
    console.log(JSON.stringify({ result: plain }));
  } catch (error) {
    console.log(JSON.stringify({ error: `${name} ${args}: ${error}` }));
  }
}
await browser.close();
