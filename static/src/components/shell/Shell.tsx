/** The client of a signed-in person: the list, the open room, the call. */
import { useEffect } from "preact/hooks";
import { link } from "../../state/link";
import { call, incoming, room, selectedRoom } from "../../state/store";
import "../../style/list.css";
import "../../style/shell.css";
import "../../style/room.css";
import "../../style/call.css";
import { CallStage } from "../call/CallStage";
import { IncomingCall } from "../call/IncomingCall";
import { LinkCard } from "../link/LinkCard";
import { Sidebar } from "../list/Sidebar";
import { RoomView } from "../room/RoomView";
import { ConnectionLine } from "./ConnectionLine";
import { NoticeBar } from "./NoticeBar";
import { PageStatus } from "./PageStatus";
import { Welcome } from "./Welcome";

export function Shell() {
  const active = call.value;
  useEffect(() => {
    if (!active) return;
    // Leaving the page ends the call: ask first.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [active !== null]);

  const open = selectedRoom.value !== null || active !== null;
  return (
    <div class={open ? "shell shell-open" : "shell"} data-testid="shell">
      {incoming.value && <IncomingCall call={incoming.value} />}
      {link.value && !active && <LinkCard link={link.value} key={link.value.userId} />}
      <Sidebar />
      <main class="pane" tabIndex={-1}>
        <PageStatus />
        <ConnectionLine />
        <NoticeBar />
        {active ? (
          <CallStage call={active} />
        ) : room.value ? (
          <RoomView room={room.value} key={room.value.id} />
        ) : (
          <Welcome />
        )}
      </main>
    </div>
  );
}
