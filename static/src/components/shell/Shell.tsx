/** The client of a signed-in person: the list, the open room, the call. */
import { useEffect } from "preact/hooks";
import { checkOpen } from "../../state/check";
import { messagesOpen } from "../../state/layout";
import { link } from "../../state/link";
import { call, incoming, room, selectedRoom } from "../../state/store";
import "../../style/list.css";
import "../../style/shell.css";
import "../../style/room.css";
import "../../style/call.css";
import "../../style/layout.css";
import "../../style/stats.css";
import "../../style/devices.css";
import { DevicesCorner } from "../devices/DevicesCorner";
import { LinkCard } from "../link/LinkCard";
import "../../style/history.css";
import "../../style/lines.css";
import "../../style/people.css";
import "../../style/check.css";
import { CallMessages } from "../call/CallMessages";
import { CallStage } from "../call/CallStage";
import { IncomingCall } from "../call/IncomingCall";
import { TransferAsked } from "../call/TransferAsked";
import { CheckCorner } from "../check/CheckCorner";
import { Sidebar } from "../list/Sidebar";
import { RoomView } from "../room/RoomView";
import { TracesCorner } from "../stats/TracesCorner";
import { LazyTrust } from "../trust/LazyTrust";
import { TrustAlerts } from "../trust/TrustAlerts";
import { ConnectionLine } from "./ConnectionLine";
import { NoticeBar } from "./NoticeBar";
import { PageStatus } from "./PageStatus";
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

  const open = selectedRoom.value !== null || active !== null || checkOpen.value;
  return (
    <div class={open ? "shell shell-open" : "shell"} data-testid="shell">
      {incoming.value && <IncomingCall call={incoming.value} />}
      {link.value && !active && <LinkCard link={link.value} key={link.value.userId} />}
      <TransferAsked />
      <Sidebar />
      <DevicesCorner />
      <TracesCorner />
      <main class="pane" tabIndex={-1}>
        <PageStatus />
        <ConnectionLine />
        <NoticeBar />
        <TrustAlerts />
        {active ? (
          <div class="call-pane">
            <CallStage call={active} />
            {messagesOpen.value && <CallMessages roomId={active.roomId} />}
          </div>
        ) : checkOpen.value ? (
          <CheckCorner />
        ) : room.value ? (
          <RoomView room={room.value} key={room.value.id} />
        ) : (
          <Welcome />
        )}
      </main>
      <LazyTrust />
    </div>
  );
}
