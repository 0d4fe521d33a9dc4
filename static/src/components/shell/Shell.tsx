/** The client of a signed-in person: the list, the open room, the call. */
import { useEffect } from "preact/hooks";
import { call, incoming, room, selectedRoom } from "../../state/store";
import "../../style/list.css";
import "../../style/shell.css";
import "../../style/room.css";
import "../../style/call.css";
import "../../style/history.css";
import "../../style/lines.css";
import "../../style/people.css";
import { CallStage } from "../call/CallStage";
import { IncomingCall } from "../call/IncomingCall";
import { TransferAsked } from "../call/TransferAsked";
import { Sidebar } from "../list/Sidebar";
import { RoomView } from "../room/RoomView";
import { ConnectionLine } from "./ConnectionLine";
import { NoticeBar } from "./NoticeBar";
import { usePageTitle } from "./usePageTitle";
import { Welcome } from "./Welcome";

export function Shell() {
  const active = call.value;
  usePageTitle();
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
      <TransferAsked />
      <Sidebar />
      <main class="pane">
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
