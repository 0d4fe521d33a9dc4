/**
 * The page in a frame of another site, which may place a call, hang up, and hear how it goes.
 *
 * Messages of the frame's parent: `{ voip: "place", user: "@ada:example.org", video: false }`,
 * `{ voip: "hangUp" }`, `{ voip: "state" }`. Ours to it: `State`, at each change and when asked,
 * and `{ voip: "refused", why }`. Origins that `config.json` does not name are neither heard nor
 * told anything.
 */
import { effect } from "@preact/signals";
import { call, config, connection, incoming, notice, session } from "../state/store";
import { parseMessage, type State } from "./messages";

export function startEmbedding() {
  const parent = window.parent;
  addEventListener("message", (event) => {
    if (event.source !== parent || !config.value.embedOrigins.includes(event.origin)) return;
    void obey(event.data).catch((error: unknown) =>
      tell({ voip: "refused", why: error instanceof Error ? error.message : String(error) }),
    );
  });
  let told = "";
  effect(() => {
    const now = state();
    if (JSON.stringify(now) === told) return;
    told = JSON.stringify(now);
    tell(now);
  });

  /** The browser delivers only to a parent of that very origin. */
  function tell(message: object) {
    for (const origin of config.value.embedOrigins) parent.postMessage(message, origin);
  }

  async function obey(data: unknown) {
    const message = parseMessage(data);
    if (!message) return;
    if (message.voip === "state") return tell(state());
    const [{ hangUp }, { callPerson }] = await Promise.all([
      import("../matrix/calls"),
      import("../matrix/callperson"),
    ]);
    if (message.voip === "hangUp") return hangUp();
    if (connection.value !== "online" || !session.value) {
      return tell({ voip: "refused", why: "nobody is signed in, or the homeserver is away" });
    }
    if (call.value) return tell({ voip: "refused", why: "a call is in progress" });
    if (!(await callPerson(message.user, message.video))) {
      tell({ voip: "refused", why: "the person has not accepted the invitation yet" });
    }
  }
}

function state(): State {
  const active = call.value;
  return {
    voip: "state",
    user: session.value?.userId ?? null,
    online: session.value !== null && connection.value === "online",
    call: active && { peer: active.peerName, phase: active.phase, video: active.video },
    ringing: incoming.value && { peer: incoming.value.peerName, video: incoming.value.video },
    notice: notice.value?.text ?? null,
  };
}
