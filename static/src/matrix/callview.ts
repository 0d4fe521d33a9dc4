/** MatrixCall → the plain view that components draw. */
import { CallState, type MatrixCall } from "matrix-js-sdk/lib/webrtc/call";
import type { CallPhase, CallView } from "../state/types";
import type { Identity } from "./identity";

const PHASES: Record<CallState, CallPhase> = {
  [CallState.Fledgling]: "starting",
  [CallState.WaitLocalMedia]: "starting",
  [CallState.CreateOffer]: "starting",
  [CallState.InviteSent]: "calling",
  [CallState.Ringing]: "incoming",
  [CallState.CreateAnswer]: "connecting",
  [CallState.Connecting]: "connecting",
  [CallState.Connected]: "connected",
  // Never drawn: an ended call leaves the stage at once.
  [CallState.Ended]: "starting",
};

interface Known {
  peer: string;
  video: boolean;
  connectedAt: number | null;
  identity?: Identity | null;
}

export function viewOf(call: MatrixCall, known: Known): CallView {
  const remote = call.remoteUsermediaFeed;
  const phase = PHASES[call.state];
  return {
    id: call.callId,
    roomId: call.roomId,
    peerName: known.peer,
    peerAvatar: call.getOpponentMember()?.getMxcAvatarUrl() ?? null,
    video: known.video || !(remote?.isVideoMuted() ?? true),
    outgoing: call.direction !== "inbound",
    phase,
    reconnecting: known.connectedAt !== null && phase === "connecting",
    onHold: call.isLocalOnHold(),
    held: call.isRemoteOnHold(),
    saidToBe: known.identity?.name ?? null,
    transferable: call.opponentCanBeTransferred(),
    takesDigits: call.opponentSupportsDTMF(),
    ownScreen: call.localScreensharingStream ?? null,
    peerScreen: call.remoteScreensharingStream ?? null,
    connectedAt: known.connectedAt,
    micMuted: call.isMicrophoneMuted(),
    cameraOff: call.isLocalVideoMuted(),
    peerMicMuted: remote?.isAudioMuted() ?? false,
    peerCameraOff: remote?.isVideoMuted() ?? true,
    localStream: call.localUsermediaStream ?? null,
    remoteStream: call.remoteUsermediaStream ?? null,
  };
}
