/** The content of m.call.replaces (MSC2747): the other side hands us over to somebody else. */

export interface Replaces {
  replacementId: string;
  /** The person to go on with; null where only a room is named. */
  target: string | null;
  /** The room to call in; null where we choose it. */
  room: string | null;
  /** We place the call of that id … */
  createCall: string | null;
  /** … or we are called by it: one of the two, never both. */
  awaitCall: string | null;
}

/** Client-server API, "Voice over IP": identifiers are opaque, of these characters. */
const CALL_ID = /^[0-9A-Za-z._~-]{1,255}$/;
const USER_ID = /^@[^:\s]+:[^\s]{1,230}$/;
const ROOM_ID = /^![^\s]{1,254}$/;

/** null for what nobody could follow. */
export function replacesOf(content: Record<string, unknown>): Replaces | null {
  const target = content.target_user as { id?: unknown } | null | undefined;
  const found: Replaces = {
    replacementId: matching(content.replacement_id, CALL_ID) ?? "",
    target: matching(target?.id, USER_ID),
    room: matching(content.target_room, ROOM_ID),
    createCall: matching(content.create_call, CALL_ID),
    awaitCall: matching(content.await_call, CALL_ID),
  };
  if (!found.replacementId) return null;
  // MSC2747: "exactly one of create_call and await_call".
  if ((found.createCall === null) === (found.awaitCall === null)) return null;
  // A call that is awaited is known by whose it is, one that we place by whom we call.
  return found.target ? found : null;
}

function matching(value: unknown, shape: RegExp): string | null {
  return typeof value === "string" && shape.test(value) ? value : null;
}
