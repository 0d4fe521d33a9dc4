import { useEffect, useState } from "preact/hooks";
import { knownPeople, searchDirectory } from "../../matrix/directory";
import { USER_ID } from "../../matrix/people";
import type { Person } from "../../state/types";

/** A person types a few letters a second: the homeserver is asked when they pause. */
const PAUSE_MS = 250;

/** Who is meant by the words: people we know first, then the homeserver's directory. */
export function usePeople(words: string, but: string | null = null): Person[] {
  const [listed, setListed] = useState<{ words: string; people: Person[] }>();
  const term = words.trim();
  useEffect(() => {
    if (term.length < 2) return;
    let stale = false;
    const timer = setTimeout(async () => {
      const people = await searchDirectory(term);
      if (!stale) setListed({ words: term, people });
    }, PAUSE_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [term]);
  const known = knownPeople(term);
  const more = listed?.words === term ? listed.people : [];
  const typed = USER_ID.test(term) ? [{ userId: term, name: term, avatar: null }] : [];
  const found = new Map<string, Person>();
  for (const each of [...known, ...more, ...typed]) {
    if (each.userId !== but && !found.has(each.userId)) found.set(each.userId, each);
  }
  return [...found.values()];
}
