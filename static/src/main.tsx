/** The first paint: sign-in and nothing else. What a signed-in person needs loads behind it. */
import { render } from "preact";
import { App } from "./components/shell/App";
import { keepOffline, watchNetwork } from "./offline/updates";
import { checkClock } from "./signin/clock";
import { takeReturned } from "./signin/pending";
import { startRouting } from "./state/route";
import { restore } from "./state/session";
import { config } from "./state/store";
import type { Config } from "./state/types";
import { startLanguage } from "./text/i18n";
import "./style/tokens.css";
import "./style/base.css";
import "./style/signin.css";
import "./style/language.css";

async function loadConfig() {
  try {
    const answer = await fetch("./config.json");
    if (!answer.ok) return;
    const found = (await answer.json()) as Partial<Config>;
    config.value = { ...config.value, ...found };
    document.title = config.value.brand;
  } catch {
    // The defaults do: the person types the homeserver.
  }
}

async function begin() {
  const returned = takeReturned(); // First: it puts the address back that routing reads.
  restore();
  startRouting();
  watchNetwork();
  void loadConfig().then(async () => {
    if (window.parent !== window) (await import("./embed/embed")).startEmbedding();
  });
  await startLanguage();
  const root = document.getElementById("app");
  if (root) render(<App />, root);
  if (returned) void import("./signin/return").then((back) => back.finishSignIn(returned));
  void checkClock();
  // After everything that the first paint needs.
  requestIdle(() => void keepOffline());
}

/** Safari has no requestIdleCallback. */
function requestIdle(work: () => void) {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 5_000 });
  else setTimeout(work, 2_000);
}

void begin();
