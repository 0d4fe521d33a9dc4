import type { ComponentChildren } from "preact";
import type { Person } from "../../state/types";
import { Avatar } from "../parts/Avatar";

/** Somebody who was found, and what can be done about it. */
export function PersonLine({ person, children }: { person: Person; children: ComponentChildren }) {
  return (
    <li class="person" data-testid="person" data-user={person.userId}>
      <Avatar name={person.name} mxc={person.avatar} />
      <span class="row-words">
        <span class="row-name">{person.name}</span>
        {person.name !== person.userId && <span class="row-preview">{person.userId}</span>}
      </span>
      {children}
    </li>
  );
}
