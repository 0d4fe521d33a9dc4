/** Who is signed in, the search, and the list: invitations, people, rooms. */
import { useRef, useState } from "preact/hooks";
import { config, filter, rooms } from "../../state/store";
import type { RoomSummary } from "../../state/types";
import { t } from "../../text/i18n";
import { Icon } from "../parts/Icon";
import { TrustBanner } from "../trust/TrustBanner";
import { HistoryView } from "./HistoryView";
import { InviteRow } from "./InviteRow";
import { Me } from "./Me";
import { NewChat } from "./NewChat";
import { NotifyHint } from "./NotifyHint";
import { RoomRow } from "./RoomRow";
import { type View, Views } from "./Views";

export function Sidebar() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [view, setView] = useState<View>("conversations");
  const shown = matching(rooms.value, filter.value);
  return (
    <nav class="sidebar" aria-label={t("list:label")}>
      <h1 class="unseen">{config.value.brand}</h1>
      <Me />
      <div class="finder">
        <label class="search">
          <Icon name="search" />
          <input
            type="search"
            placeholder={t("list:search")}
            aria-label={t("list:searchLabel")}
            value={filter.value}
            onInput={(event) => {
              filter.value = event.currentTarget.value;
              setView("conversations");
            }}
            data-testid="search"
          />
        </label>
        <button
          type="button"
          class="round tinted"
          aria-label={t("list:newCall")}
          title={t("list:newCall")}
          onClick={() => dialog.current?.showModal()}
          data-testid="new-chat"
        >
          <Icon name="plus" />
        </button>
      </div>
      <TrustBanner />
      <Views view={view} onView={setView} />
      <NotifyHint />
      {view === "calls" ? <HistoryView /> : <Conversations shown={shown} />}
      <NewChat dialog={dialog} />
    </nav>
  );
}

function Conversations({ shown }: { shown: RoomSummary[] }) {
  return (
    <div class="rows">
      <Section
        title={t("list:invitations")}
        rooms={shown.filter((each) => each.inviter !== null)}
      />
      <Section
        title={t("list:people")}
        rooms={shown.filter((each) => joined(each) && each.kind === "person")}
      />
      <Section
        title={t("list:rooms")}
        rooms={shown.filter((each) => joined(each) && each.kind === "room")}
      />
      {shown.length === 0 && filter.value && <p class="empty soft">{t("list:nothing")}</p>}
    </div>
  );
}

function Section({ title, rooms: list }: { title: string; rooms: RoomSummary[] }) {
  if (list.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2 class="overline">{title}</h2>
      <ul>
        {list.map((each) => (
          <li key={each.id}>
            {each.inviter === null ? <RoomRow room={each} /> : <InviteRow room={each} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

const joined = (room: RoomSummary) => room.inviter === null;

function matching(all: RoomSummary[], words: string): RoomSummary[] {
  const wanted = words.trim().toLocaleLowerCase();
  if (!wanted) return all;
  return all.filter((each) =>
    `${each.name} ${each.peerId ?? ""}`.toLocaleLowerCase().includes(wanted),
  );
}
