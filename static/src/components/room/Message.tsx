/** One line of the timeline. */
import type { TimelineItem } from "../../state/types";
import { timeOfDay } from "../../text/time";
import { Icon } from "../parts/Icon";
import { FileCard } from "./FileCard";
import { Recording } from "./Recording";
import { VideoClip } from "./VideoClip";

interface Props {
  item: TimelineItem;
  /** Set on the first message of a day. */
  dayBefore: string | null;
  /** Whether it must be said who wrote it. */
  names: boolean;
  follows: boolean;
}

export function Message({ item, dayBefore, names, follows }: Props) {
  const time = timeOfDay(item.at);
  return (
    <>
      {dayBefore && <h2 class="day">{dayBefore}</h2>}
      {item.kind === "call" ? (
        <p class={item.failed ? "call-line call-line-failed" : "call-line"} data-testid="call-line">
          <Icon name={item.failed ? "hangup" : "phone"} />
          {item.body}
          <time dateTime={new Date(item.at).toISOString()}>{time}</time>
        </p>
      ) : (
        <div
          class={classes(item, follows)}
          data-testid={`message-${item.kind}`}
          data-sender={item.sender}
        >
          {names && !follows && !item.mine && <span class="sender">{item.senderName}</span>}
          <Body item={item} />
          <time dateTime={new Date(item.at).toISOString()}>{time}</time>
        </div>
      )}
    </>
  );
}

function Body({ item }: { item: Exclude<TimelineItem, { kind: "call" }> }) {
  switch (item.kind) {
    case "audio":
      return <Recording attachment={item.attachment} />;
    case "video":
      return <VideoClip attachment={item.attachment} />;
    case "image":
    case "file":
      return <FileCard attachment={item.attachment} />;
    default:
      return <p class="body">{item.body}</p>;
  }
}

function classes(item: TimelineItem, follows: boolean): string {
  return ["message", `message-${item.kind}`, item.mine && "mine", follows && "follows"]
    .filter(Boolean)
    .join(" ");
}
