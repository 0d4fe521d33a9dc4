import { KnownMembership } from "matrix-js-sdk/lib/matrix";
import type { Person } from "../state/types";
import { tidyName } from "../text/names";
import { current } from "./current";

/** A list that is longer is not read. */
export const MOST_MEMBERS = 100;

/** Who is in the room, by name. Those that the homeserver has not told yet come by themselves. */
export function membersOf(roomId: string): Person[] {
  const room = current()?.getRoom(roomId);
  void room?.loadMembersIfNeeded().catch(() => {});
  return (room?.getMembersWithMembership(KnownMembership.Join) ?? [])
    .map((each) => ({
      userId: each.userId,
      name: tidyName(each.rawDisplayName) || each.userId,
      avatar: each.getMxcAvatarUrl() ?? null,
    }))
    .sort((a, b) => a.name.localeCompare(b.name))
    .slice(0, MOST_MEMBERS);
}
