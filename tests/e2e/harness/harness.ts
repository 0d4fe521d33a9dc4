/**
 * matrix-js-sdk's own calls, for a test to drive: what a person would do with its client, nothing
 * of a page. Arguments and results are plain data, as they cross into the browser and back.
 */
import * as calls from "./calls";
import { signIn } from "./client";
import { picture } from "./picture";
import { leave, ready } from "./rooms";
import { stats } from "./stats";
import { verify } from "./verify";
import { view } from "./view";

const harness = { signIn, leave, ready, ...calls, ...verify, view, stats, picture };

declare global {
  interface Window {
    harness: typeof harness;
  }
}

window.harness = harness;
