/** A real call to the echo bot: tones are sent, and what comes back is timed and rated. */
import { KnownMembership, type MatrixClient } from "matrix-js-sdk/lib/matrix";
import {
  CallErrorCode,
  CallEvent,
  CallState,
  createNewMatrixCall,
  type MatrixCall,
} from "matrix-js-sdk/lib/webrtc/call";
import { SDPStreamMetadataPurpose } from "matrix-js-sdk/lib/webrtc/callEventTypes";
import { CallFeed } from "matrix-js-sdk/lib/webrtc/callFeed";
import { mos, qualityOf } from "../../media/emodel";
import { figuresOf } from "../../media/figures";
import { Loopback, medianOf } from "../../media/loopback";
import { type Entries, entriesOf } from "../../media/report";
import type { Outcome } from "../../state/check";
import { config } from "../../state/store";
import { t } from "../../text/i18n";
import { running } from "../current";
import { directRoom, USER_ID } from "../people";
import { failed, passed, skipped, type Tell, warned } from "./run";

const JOINS_WITHIN_MS = 20_000;
const CONNECTS_WITHIN_MS = 30_000;
/** The bot greets and gives a tone before it plays back; then it is quiet. */
const GREETS_WITHIN_MS = 12_000;
const QUIET_MS = 1500;
const TONES = 5;
const BACK_WITHIN_MS = 2000;

export async function echoStep(tell: Tell): Promise<Outcome> {
  const bot = config.value.echo;
  if (!bot || !USER_ID.test(bot)) return skipped(t("check:echoUnknown"));
  const client = running();
  tell(t("check:echoInviting"));
  let roomId: string;
  try {
    roomId = await directRoom(bot);
  } catch (error) {
    return failed(
      error instanceof Error ? error.message : String(error),
      t("check:echoRoomRemedy"),
    );
  }
  if (!(await joined(client, roomId, bot))) {
    return failed(t("check:echoAway"), t("check:echoAwayRemedy"));
  }
  return callAndListen(client, roomId, bot, tell);
}

async function joined(client: MatrixClient, roomId: string, bot: string): Promise<boolean> {
  const until = performance.now() + JOINS_WITHIN_MS;
  const there = () => client.getRoom(roomId)?.getMember(bot)?.membership === KnownMembership.Join;
  while (!there() && performance.now() < until) await pause(200);
  return there();
}

async function callAndListen(
  client: MatrixClient,
  roomId: string,
  bot: string,
  tell: Tell,
): Promise<Outcome> {
  const call = createNewMatrixCall(client, roomId, { invitee: bot });
  if (!call) return failed(t("call:noCalls"), "");
  const loop = new Loopback();
  let error = "";
  call.on(CallEvent.Error, (found) => {
    error = found.code;
  });
  try {
    tell(t("check:echoCalling"));
    await call.placeCallWithCallFeeds([feedOf(client, roomId, loop.stream)]);
    if (!(await connected(call))) return notConnected(call, error);
    tell(t("check:echoListening"));
    return await rate(call, loop);
  } finally {
    if (!call.callHasEnded()) call.hangup(CallErrorCode.UserHangup, false);
    loop.close();
  }
}

function feedOf(client: MatrixClient, roomId: string, stream: MediaStream): CallFeed {
  return new CallFeed({
    client,
    roomId,
    userId: client.getSafeUserId(),
    deviceId: client.getDeviceId() ?? undefined,
    stream,
    purpose: SDPStreamMetadataPurpose.Usermedia,
    audioMuted: false,
    videoMuted: true,
  });
}

async function connected(call: MatrixCall): Promise<boolean> {
  const until = performance.now() + CONNECTS_WITHIN_MS;
  while (call.state !== CallState.Connected && !call.callHasEnded()) {
    if (performance.now() > until) return false;
    await pause(50);
  }
  return call.state === CallState.Connected;
}

function notConnected(call: MatrixCall, error: string): Outcome {
  const reason = error || call.hangupReason || "ice_timeout";
  const network = call.state === CallState.Connecting || reason.startsWith("ice_");
  const remedy = network ? t("check:echoNoPathRemedy") : t("check:echoAwayRemedy");
  return failed(t("check:echoNotConnected", { reason }), remedy);
}

async function rate(call: MatrixCall, loop: Loopback): Promise<Outcome> {
  const stream = call.remoteUsermediaStream;
  if (!stream) return failed(t("check:echoNothing"), t("check:echoNothingRemedy"));
  loop.listen(stream);
  await loop.quiet(QUIET_MS, GREETS_WITHIN_MS);
  const before = await reading(call);
  const back: number[] = [];
  for (let tone = 0; tone < TONES && !call.callHasEnded(); tone++) {
    const { afterMs } = await loop.send(BACK_WITHIN_MS);
    if (afterMs !== null) back.push(afterMs);
    await pause(700);
  }
  return verdict(back, before, await reading(call));
}

async function reading(call: MatrixCall): Promise<Entries | null> {
  const report = await call.peerConn?.getStats().catch(() => undefined);
  return report ? entriesOf(report) : null;
}

function verdict(back: readonly number[], before: Entries | null, now: Entries | null): Outcome {
  const delay = medianOf(back);
  if (delay === null) return failed(t("check:echoNothing"), t("check:echoNothingRemedy"));
  const figures = figuresOf(now ?? new Map(), before, Date.now());
  const jitter = (figures.jitterMs ?? 0) / 1000;
  const roundTrip = (figures.roundTripMs ?? 0) / 1000;
  const loss = Math.max(figures.lossIn, figures.lossOut) / 100;
  const score = mos({ loss, jitter, roundTrip });
  const detail = t("check:echoScore", {
    back: back.length,
    sent: TONES,
    ms: delay,
    score: score.toFixed(1),
    route: figures.path?.route === "relayed" ? t("check:byRelay") : t("check:directly"),
  });
  const fine = back.length >= TONES - 1 && qualityOf(score) === "good";
  return fine ? passed(detail) : warned(detail, t("check:echoPoorRemedy"));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
