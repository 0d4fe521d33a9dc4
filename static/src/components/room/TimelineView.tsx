/** The messages of a room, newest at the bottom and in view. */
import { useEffect, useRef, useState } from "preact/hooks";
import { showEarlier } from "../../matrix/timeline";
import { tell, timeline } from "../../state/store";
import type { TimelineItem } from "../../state/types";
import { t } from "../../text/i18n";
import { day } from "../../text/time";
import { Message } from "./Message";

export function TimelineView({ roomId, names }: { roomId: string; names: boolean }) {
  const shown = timeline.value?.roomId === roomId ? timeline.value : null;
  const list = useRef<HTMLDivElement>(null);
  const newest = shown?.items.at(-1)?.id;
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [newest]);

  if (!shown) return <p class="empty soft">{t("room:loading")}</p>;
  return (
    // The list scrolls, so the keyboard must be able to reach it.
    <section
      class="timeline"
      ref={list}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region (WCAG 2.1.1)
      tabIndex={0}
      aria-label={t("room:messages")}
      data-testid="timeline"
    >
      <div class="timeline-inner">
        {shown.more && <EarlierButton roomId={roomId} />}
        {shown.items.length === 0 && <p class="empty soft">{t("room:none")}</p>}
        {shown.items.map((item, index) => (
          <Message
            key={item.id}
            item={item}
            dayBefore={startsDay(shown.items[index - 1], item)}
            names={names}
            follows={follows(shown.items[index - 1], item)}
          />
        ))}
      </div>
    </section>
  );
}

function EarlierButton({ roomId }: { roomId: string }) {
  const [busy, setBusy] = useState(false);
  const load = async () => {
    setBusy(true);
    try {
      await showEarlier(roomId);
    } catch {
      tell(t("room:earlierFailed"), "problem");
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button small earlier" disabled={busy} onClick={() => void load()}>
      {t(busy ? "room:fetching" : "room:earlier")}
    </button>
  );
}

function startsDay(before: TimelineItem | undefined, item: TimelineItem): string | null {
  const today = day(item.at);
  return before && day(before.at) === today ? null : today;
}

/** Said by the same person shortly after: the name is not repeated. */
function follows(before: TimelineItem | undefined, item: TimelineItem): boolean {
  return (
    before !== undefined &&
    before.kind !== "call" &&
    before.sender === item.sender &&
    item.at - before.at < 5 * 60_000
  );
}
