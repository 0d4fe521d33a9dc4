/** The network test before a call: one step after the other, each told as it runs. */
import { checkRunning, checkSteps, type Outcome, type Step, update } from "../../state/check";
import { call } from "../../state/store";
import { t } from "../../text/i18n";
import { cameraStep, microphoneStep } from "./devicesteps";
import { echoStep } from "./echo";
import { homeserverStep, syncStep } from "./homeserver";
import { turnServers, turnStep } from "./turn";

/** `tell` replaces what the step says of itself while it runs. */
export type Tell = (detail: string) => void;

interface Planned {
  id: string;
  title: string;
  run: (tell: Tell) => Promise<Outcome>;
}

export const passed = (detail: string): Outcome => ({ state: "passed", detail, remedy: "" });
export const warned = (detail: string, remedy: string): Outcome => ({
  state: "warned",
  detail,
  remedy,
});
export const failed = (detail: string, remedy: string): Outcome => ({
  state: "failed",
  detail,
  remedy,
});
export const skipped = (detail: string): Outcome => ({ state: "skipped", detail, remedy: "" });

/** Runs once at a time; `ended` asks between steps whether to stop. */
export async function runCheck(ended: AbortSignal): Promise<void> {
  if (checkRunning.value) return;
  checkRunning.value = true;
  try {
    const planned = await plan();
    checkSteps.value = planned.map(({ id, title }): Step => {
      return { id, title, state: "waiting", detail: "", remedy: "" };
    });
    for (const step of planned) {
      if (ended.aborted) break;
      await runStep(step);
    }
  } finally {
    checkRunning.value = false;
  }
}

async function runStep({ id, run }: Planned) {
  update(id, { state: "running" });
  try {
    update(id, await run((detail) => update(id, { detail })));
  } catch (error) {
    // Nothing that a step throws may leave the others unrun.
    const why = error instanceof Error ? error.message : String(error);
    update(id, failed(t("check:broke", { why }), ""));
  }
}

async function plan(): Promise<Planned[]> {
  const relays = (await turnServers()).map((server, index) => ({
    id: `turn-${index}`,
    title: t("check:turnTitle", { uri: server.uri }),
    run: () => turnStep(server),
  }));
  const none: Planned = {
    id: "turn-none",
    title: t("check:turnNoneTitle"),
    run: async () => warned(t("check:turnNone"), t("check:turnNoneRemedy")),
  };
  return [
    { id: "microphone", title: t("check:microphoneTitle"), run: microphoneStep },
    { id: "camera", title: t("check:cameraTitle"), run: cameraStep },
    { id: "homeserver", title: t("check:homeserverTitle"), run: homeserverStep },
    { id: "sync", title: t("check:syncTitle"), run: syncStep },
    ...(relays.length ? relays : [none]),
    { id: "echo", title: t("check:echoTitle"), run: echo },
  ];
}

async function echo(tell: Tell): Promise<Outcome> {
  return call.value ? skipped(t("check:echoBusy")) : echoStep(tell);
}
