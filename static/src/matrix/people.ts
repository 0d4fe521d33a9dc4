/** Starting a conversation, accepting an invitation, leaving one. */
import { EventType, KnownMembership, MatrixError, Preset } from "matrix-js-sdk/lib/matrix";
import { selectedRoom } from "../state/store";
import { t } from "../text/i18n";
import { running } from "./current";
import { directPeople } from "./rooms";

export const USER_ID = /^@[^:\s]+:[^\s]+$/;

/** Opens the direct room with `userId`. Throws an Error that is a sentence for the person. */
export async function startChat(userId: string): Promise<string> {
  const roomId = await directRoom(userId);
  selectedRoom.value = roomId;
  return roomId;
}

/** The direct room with `userId`; an encrypted one is made where there is none. Throws likewise. */
export async function directRoom(userId: string): Promise<string> {
  const client = running();
  if (userId === client.getUserId()) throw new Error(t("list:yourself"));
  const known = existing(userId);
  if (known) return known;
  await mustExist(userId);
  const { room_id: roomId } = await client
    .createRoom({
      is_direct: true,
      invite: [userId],
      preset: Preset.TrustedPrivateChat,
      initial_state: [
        {
          type: EventType.RoomEncryption,
          state_key: "",
          content: { algorithm: "m.megolm.v1.aes-sha2" },
        },
      ],
    })
    .catch((error: unknown) => {
      throw new Error(problem(error, t("list:roomNotMade", { user: userId })));
    });
  await setDirect(roomId, userId);
  return roomId;
}

function existing(userId: string): string | null {
  const client = running();
  for (const [roomId, person] of directPeople(client)) {
    const room = client.getRoom(roomId);
    const theirs = room?.getMember(userId)?.membership;
    const alive = theirs === KnownMembership.Join || theirs === KnownMembership.Invite;
    if (person === userId && room?.getMyMembership() === KnownMembership.Join && alive)
      return roomId;
  }
  return null;
}

async function mustExist(userId: string) {
  try {
    await running().getProfileInfo(userId);
  } catch (error) {
    // Servers may hide profiles (403) or be away for now: only a clear "no" stops us.
    // Synapse says M_UNKNOWN with it.
    if (error instanceof MatrixError && error.httpStatus === 404) {
      throw new Error(t("list:nobody", { user: userId }));
    }
  }
}

async function setDirect(roomId: string, userId: string) {
  const client = running();
  const content = { ...(client.getAccountData(EventType.Direct)?.getContent() ?? {}) };
  const rooms = content[userId] ?? [];
  if (rooms.includes(roomId)) return;
  await client.setAccountData(EventType.Direct, { ...content, [userId]: [...rooms, roomId] });
}

export async function acceptInvite(roomId: string) {
  const client = running();
  const direct = client.getRoom(roomId)?.getDMInviter();
  try {
    await client.joinRoom(roomId);
  } catch (error) {
    throw new Error(problem(error, t("list:notAccepted")));
  }
  if (direct) await setDirect(roomId, direct);
  selectedRoom.value = roomId;
}

export async function declineInvite(roomId: string) {
  await running().leave(roomId);
  if (selectedRoom.value === roomId) selectedRoom.value = null;
}

function problem(error: unknown, what: string): string {
  if (!(error instanceof MatrixError)) {
    return t("list:unreachable", { what });
  }
  if (error.errcode === "M_LIMIT_EXCEEDED") return t("list:tooFast", { what });
  return error.error
    ? t("list:refusedWhy", { what, error: error.error })
    : t("list:refused", { what });
}
