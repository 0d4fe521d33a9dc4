/**
 * Verifying by emoji or QR code (client-server API, "Key verification framework"), one request at
 * a time. The SDK speaks the protocol; this file turns its request into what the dialog shows.
 */
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/CryptoEvent";
import {
  type ShowQrCodeCallbacks,
  type ShowSasCallbacks,
  VerificationPhase,
  type VerificationRequest,
  VerificationRequestEvent,
  type Verifier,
  VerifierEvent,
} from "matrix-js-sdk/lib/crypto-api/verification";
import type { MatrixClient } from "matrix-js-sdk/lib/matrix";
import { type VerificationStep, verification } from "../state/trust";
import { cryptoOf, running } from "./current";

const SAS = "m.sas.v1";
const SHOW = "m.qr_code.show.v1";
const SCAN = "m.qr_code.scan.v1";

/** What this browser can do; it scans only where there may be a camera. */
export function verificationMethods(): string[] {
  return [SAS, SHOW, "m.reciprocate.v1", ...(navigator.mediaDevices ? [SCAN] : [])];
}

interface Current {
  request: VerificationRequest;
  name: string;
  /** Asked for once: a second code in one flow counts as an attack, and cancels it. */
  drawn: boolean;
  qr: Uint8ClampedArray | null;
  verifier: Verifier | null;
  sas: ShowSasCallbacks | null;
  scanned: ShowQrCodeCallbacks | null;
  /** We said that it matches, and wait for the other side. */
  confirmed: boolean;
  stop: () => void;
}

let current: Current | null = null;

/** Milliseconds. Of a request in a room the SDK does not tell every change (43), so it is looked at. */
const LOOK_MS = 500;

export function watchVerification(client: MatrixClient): () => void {
  const onRequest = (request: VerificationRequest) => {
    // One at a time: another is asked for again, or times out by itself.
    if (!current && !request.initiatedByMe) follow(client, request);
  };
  client.on(CryptoEvent.VerificationRequestReceived, onRequest);
  return () => {
    client.off(CryptoEvent.VerificationRequestReceived, onRequest);
    forget();
  };
}

/** Asks the person's other devices. */
export async function verifyThisDevice() {
  const client = running();
  follow(client, await cryptoOf(client).requestOwnUserVerification());
}

/** Asks somebody else, in a room with them. */
export async function verifyPerson(userId: string, roomId: string) {
  const client = running();
  follow(client, await cryptoOf(client).requestVerificationDM(userId, roomId));
}

export async function acceptRequest() {
  await current?.request.accept();
}

export async function compareEmoji() {
  await current?.request.startVerification(SAS);
}

/** `data` are the bytes of the code that the other side shows. @throws where it is another code. */
export async function scanned(data: Uint8ClampedArray) {
  await current?.request.scanQRCode(data);
}

/** The emoji are the same on both sides, or the other side says that it has scanned our code. */
export async function confirmMatch() {
  if (!current) return;
  current.confirmed = true;
  show();
  current.scanned?.confirm();
  await current.sas?.confirm();
}

export function denyMatch() {
  if (current?.sas) current.sas.mismatch();
  else void cancelVerification();
}

/** Ends it where it runs, and closes what is shown. */
export async function cancelVerification() {
  const ending = current;
  forget();
  if (ending?.request.pending) await ending.request.cancel().catch(() => {});
}

function follow(client: MatrixClient, request: VerificationRequest) {
  forget();
  const { otherUserId, roomId } = request;
  const member = roomId ? client.getRoom(roomId)?.getMember(otherUserId) : null;
  let seen = request.phase;
  const onChange = () => {
    seen = request.phase;
    void changed();
  };
  const looking = window.setInterval(() => {
    if (request.phase !== seen) onChange();
  }, LOOK_MS);
  request.on(VerificationRequestEvent.Change, onChange);
  current = {
    request,
    name: member?.name ?? otherUserId,
    drawn: false,
    qr: null,
    verifier: null,
    sas: null,
    scanned: null,
    confirmed: false,
    stop: () => {
      window.clearInterval(looking);
      request.off(VerificationRequestEvent.Change, onChange);
    },
  };
  onChange();
}

function forget() {
  current?.stop();
  current = null;
  verification.value = null;
}

async function changed() {
  const mine = current;
  if (!mine) return;
  const { request } = mine;
  if (request.phase === VerificationPhase.Ready && !mine.drawn) {
    mine.drawn = true;
    mine.qr = (await request.generateQRCode().catch(() => undefined)) ?? null;
    if (current !== mine) return;
  }
  if (request.phase === VerificationPhase.Started && request.verifier) attach(request.verifier);
  show();
}

function attach(verifier: Verifier) {
  const mine = current;
  if (!mine || mine.verifier === verifier) return;
  mine.verifier = verifier;
  mine.sas = verifier.getShowSasCallbacks();
  mine.scanned = verifier.getReciprocateQrCodeCallbacks();
  verifier.on(VerifierEvent.ShowSas, (sas) => {
    mine.sas = sas;
    show();
  });
  verifier.on(VerifierEvent.ShowReciprocateQr, (callbacks) => {
    mine.scanned = callbacks;
    show();
  });
  // A cancelled one rejects; the request's phase says so as well.
  verifier.verify().catch(() => {});
}

function show() {
  if (!current) return;
  const { request, name, qr, sas } = current;
  verification.value = {
    step: stepOf(current),
    self: request.isSelfVerification,
    userId: request.otherUserId,
    name,
    emoji: sas?.sas.emoji ?? [],
    qr,
    canScan: verificationMethods().includes(SCAN) && request.otherPartySupportsMethod(SHOW),
    reason: request.cancellationCode ?? "",
  };
}

function stepOf({ request, sas, scanned, confirmed }: Current): VerificationStep {
  switch (request.phase) {
    case VerificationPhase.Unsent:
    case VerificationPhase.Requested:
      if (request.initiatedByMe) return "waiting";
      return request.accepting ? "working" : "asked";
    case VerificationPhase.Ready:
      return "choose";
    case VerificationPhase.Started:
      if (confirmed) return "working";
      if (sas) return "emoji";
      return scanned ? "scanned" : "working";
    case VerificationPhase.Done:
      return "done";
    default:
      return "cancelled";
  }
}
