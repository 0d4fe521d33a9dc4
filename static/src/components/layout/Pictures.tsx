/** Everything there is to see in a call, at its place; the other side's sound comes from here. */
import { layoutChoices } from "../../state/layout";
import { me } from "../../state/store";
import type { CallView } from "../../state/types";
import { t } from "../../text/i18n";
import { Avatar } from "../parts/Avatar";
import { StreamVideo } from "../parts/StreamVideo";
import { type Role, rolesOf } from "./roles";
import { SelfPicture } from "./SelfPicture";

export function Pictures({ call }: { call: CallView }) {
  const { tiles, selfHidden, selfCorner } = layoutChoices.value;
  const connected = call.phase === "connected" && !call.held;
  const peerCamera = connected && !call.peerCameraOff;
  const selfCamera = call.localStream !== null && !call.cameraOff && call.video;
  const roles = rolesOf({
    connected,
    peerCamera,
    selfCamera,
    peerScreen: call.peerScreen !== null,
    ownScreen: call.ownScreen !== null,
    tiles,
    selfHidden,
  });
  const name = call.peerName;
  return (
    <div
      class="pictures"
      data-layout={roles.peer === "tile" ? "tiles" : "speaker"}
      data-corner={selfCorner}
      data-testid="pictures"
    >
      {/* It plays the sound too, so it stays when there is nothing to see. */}
      <div class={`pic pic-${roles.peer}`} data-role={roles.peer} data-testid="pic-peer">
        <StreamVideo
          stream={call.remoteStream}
          classes="pic-video"
          hidden={!peerCamera || roles.peer === "none"}
          testid="remote-video"
        />
        {roles.peer === "tile" && !peerCamera && (
          <Avatar name={name} mxc={call.peerAvatar} size="large" />
        )}
        {roles.peer === "tile" && <span class="pic-name">{name}</span>}
      </div>
      <Screen
        stream={call.peerScreen}
        role={roles.peerScreen}
        name={t("layout:peerScreen", { name })}
        testid="remote-screen"
      />
      <Screen
        stream={call.ownScreen}
        role={roles.ownScreen}
        name={t("layout:ownScreen")}
        testid="own-screen"
      />
      {roles.self !== "none" && (
        <SelfPicture
          stream={selfCamera ? call.localStream : null}
          role={roles.self}
          name={me.value.name}
          avatar={me.value.avatar}
        />
      )}
    </div>
  );
}

interface ScreenProps {
  stream: MediaStream | null;
  role: Role;
  name: string;
  testid: string;
}

function Screen({ stream, role, name, testid }: ScreenProps) {
  if (role === "none") return null;
  return (
    <div class={`pic pic-${role} pic-screen`} data-role={role} data-testid={`pic-${testid}`}>
      <StreamVideo stream={stream} classes="pic-video" label={name} testid={testid} muted />
      {role === "tile" && <span class="pic-name">{name}</span>}
    </div>
  );
}
