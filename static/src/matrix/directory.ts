/** Finding people: those we know, and those whom the homeserver's user directory names. */
import { rooms } from "../state/store";
import type { Person } from "../state/types";
import { tidyName } from "../text/names";
import { running } from "./current";

const MOST = 8;

/** People of direct rooms whose name or user id contains the words; all of them for "". */
export function knownPeople(words: string): Person[] {
  const wanted = words.trim().toLocaleLowerCase();
  const found = new Map<string, Person>();
  for (const { peerId, name, avatar, inviter } of rooms.value) {
    if (peerId === null || inviter !== null || found.has(peerId)) continue;
    if (!`${name} ${peerId}`.toLocaleLowerCase().includes(wanted)) continue;
    found.set(peerId, { userId: peerId, name, avatar });
  }
  return [...found.values()].slice(0, MOST);
}

/** Client-server API, "User Directory". Nobody where the server has none, or is away. */
export async function searchDirectory(words: string): Promise<Person[]> {
  const client = running();
  const answer = await client
    .searchUserDirectory({ term: words, limit: MOST })
    .catch(() => ({ results: [] }));
  return answer.results
    .filter((each) => each.user_id !== client.getUserId())
    .map((each) => ({
      userId: each.user_id,
      name: tidyName(each.display_name ?? "") || each.user_id,
      avatar: each.avatar_url ?? null,
    }));
}
