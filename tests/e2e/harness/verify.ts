/** What a person does to verify somebody's device with emoji. */
import {
  type ShowSasCallbacks,
  VerificationPhase,
  type VerificationRequest,
  VerifierEvent,
} from "matrix-js-sdk/lib/crypto-api";
import { client } from "./client";

let shown: ShowSasCallbacks | undefined;
let finished: Promise<void> | undefined;

function encryption() {
  const crypto = client().getCrypto();
  if (!crypto) throw new Error("encryption is not started");
  return crypto;
}

/** Looks again and again: of a request in a room the SDK does not tell every change. */
async function inPhase(request: VerificationRequest, wanted: VerificationPhase): Promise<void> {
  while (request.phase !== wanted) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Makes signing keys for the account, so that it can sign whom it has verified. */
async function bootstrap(user: string, password: string): Promise<void> {
  await encryption().bootstrapCrossSigning({
    authUploadDeviceSigningKeys: async (upload) => {
      await upload({
        type: "m.login.password",
        identifier: { type: "m.id.user", user },
        password,
      });
    },
  });
}

/** Makes an encrypted room with somebody, and waits until their device is known by it. */
async function meet(userId: string, deviceId: string): Promise<string> {
  const made = await client().createRoom({
    invite: [userId],
    initial_state: [
      {
        type: "m.room.encryption",
        state_key: "",
        content: { algorithm: "m.megolm.v1.aes-sha2" },
      },
    ],
  });
  for (;;) {
    const room = client().getRoom(made.room_id);
    if (room) encryption().prepareToEncrypt(room); // from here on it follows the members' devices
    const known = await encryption().getUserDeviceInfo([userId]);
    const joined = room?.getMember(userId)?.membership === "join";
    if (joined && known.get(userId)?.has(deviceId)) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return made.room_id;
}

/** Asks for verification, a person in a room or a device of theirs; gives the names of the emoji. */
async function begin(userId: string, deviceId: string, inRoom: boolean): Promise<string[]> {
  const room = await meet(userId, deviceId);
  const request = inRoom
    ? await encryption().requestVerificationDM(userId, room)
    : await encryption().requestDeviceVerification(userId, deviceId);
  await inPhase(request, VerificationPhase.Ready);
  const verifier = await request.startVerification("m.sas.v1");
  const showing = new Promise<ShowSasCallbacks>((resolve) => {
    verifier.once(VerifierEvent.ShowSas, resolve);
  });
  finished = verifier.verify();
  finished.catch(() => undefined); // `finish` tells
  shown = await showing;
  return (shown.sas.emoji ?? []).map(([, name]) => name);
}

/** Says whether they are the same; gives what came of it. */
async function finish(same: boolean): Promise<string> {
  if (!shown || !finished) throw new Error("begin first");
  if (same) await shown.confirm();
  else shown.mismatch();
  return finished.then(
    () => "done",
    (error: unknown) => String(error),
  );
}

/** Whether this account has verified that person, by signing their identity. */
async function hasVerified(userId: string): Promise<boolean> {
  return (await encryption().getUserVerificationStatus(userId)).isCrossSigningVerified();
}

export const verify = { bootstrap, begin, finish, hasVerified };
