/**
 * We hand a call over (MSC2747): to a person, or to the other call that we have.
 *
 * The SDK asks the other sides and ends our part at once. A refusal that comes later is told.
 */
import type { MatrixEvent } from "matrix-js-sdk/lib/matrix";
import type { MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import * as store from "../state/store";
import { t } from "../text/i18n";
import { placeCall } from "./calls";
import * as lines from "./lines";
import { directRoom } from "./people";

/** The call that was handed over last, for the refusal that may follow. */
let handedOver: { call: MatrixCall; peer: string } | null = null;

/** Without asking whom it is handed to. */
export async function transferTo(userId: string): Promise<void> {
  const found = lines.current().stage;
  if (!found) return;
  await carryOut(found, () => found.call.transfer(userId));
}

/** The two that wait for us talk to each other; we are out. */
export async function connectWith(callId: string): Promise<void> {
  const [found, other] = [lines.current().stage, lines.find(callId)];
  if (!found || !other || found === other) return;
  await carryOut(found, () => found.call.transferToCall(other.call));
}

/** The call on the stage waits while we talk to somebody else first. */
export async function callFirst(userId: string): Promise<void> {
  try {
    await placeCall(await directRoom(userId), false);
  } catch (error) {
    store.tell(error instanceof Error ? error.message : String(error), "problem");
  }
}

async function carryOut({ call, peer }: lines.Tracked, ask: () => Promise<void>) {
  handedOver = { call, peer };
  try {
    await ask();
  } catch {
    handedOver = null;
    store.tell(t("lines:notTransferred", { name: peer }), "problem");
  }
}

/** m.call.reject_replacement: the call has ended for us already, so the person must act. */
export function rejected(event: MatrixEvent) {
  if (!handedOver || event.getContent().call_id !== handedOver.call.callId) return;
  if (event.getSender() !== handedOver.call.getOpponentMember()?.userId) return;
  const { call, peer } = handedOver;
  handedOver = null;
  store.tell(t("lines:transferRefused", { name: peer }), "problem", {
    roomId: call.roomId,
    video: false,
  });
}
