/** How quickly the homeserver answers, and whether what is sent arrives by sync. */
import { ClientEvent, MatrixError, type ReceivedToDeviceMessage } from "matrix-js-sdk/lib/matrix";
import { medianOf } from "../../media/loopback";
import type { Outcome } from "../../state/check";
import { t } from "../../text/i18n";
import { running } from "../current";
import { failed, passed, warned } from "./run";

const ROUNDS = 5;
const SLOW_MS = 1000;
const ARRIVES_WITHIN_MS = 15_000;
const PROBE = "voip.network_test";

export async function homeserverStep(): Promise<Outcome> {
  const taken: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await running().whoami();
      taken.push(performance.now() - began);
    }
  } catch (error) {
    const refused = error instanceof MatrixError;
    if (!refused) return failed(t("check:homeserverAway"), t("check:homeserverAwayRemedy"));
    return failed(
      t("check:homeserverRefused", { code: error.errcode ?? "" }),
      t("check:signInAgain"),
    );
  }
  const ms = Math.round(medianOf(taken) ?? 0);
  if (ms > SLOW_MS)
    return warned(t("check:homeserverSlow", { ms }), t("check:homeserverSlowRemedy"));
  return passed(t("check:homeserverAnswers", { ms }));
}

/** A message from this device to itself takes the way that calls take: sent, then synced. */
export async function syncStep(): Promise<Outcome> {
  const client = running();
  const [userId, deviceId] = [client.getUserId(), client.getDeviceId()];
  if (!userId || !deviceId) return failed(t("check:syncSilent"), t("check:signInAgain"));
  const mark = crypto.randomUUID();
  const began = performance.now();
  let arrived = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const seen = ({ message }: ReceivedToDeviceMessage) => {
    if (message.type === PROBE && message.content.mark === mark) arrived();
  };
  client.on(ClientEvent.ReceivedToDeviceMessage, seen);
  try {
    await client.sendToDevice(PROBE, new Map([[userId, new Map([[deviceId, { mark }]])]]));
    await new Promise<void>((resolve, reject) => {
      arrived = resolve;
      timer = setTimeout(() => reject(new Error("it did not arrive")), ARRIVES_WITHIN_MS);
    });
    return passed(t("check:syncArrives", { ms: Math.round(performance.now() - began) }));
  } catch {
    return failed(t("check:syncSilent"), t("check:syncRemedy"));
  } finally {
    clearTimeout(timer);
    client.off(ClientEvent.ReceivedToDeviceMessage, seen);
  }
}
