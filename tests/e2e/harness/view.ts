/** What the SDK says of a call, as plain data. */
import { callOf } from "./calls";

export function view(id: string) {
  const call = callOf(id);
  return {
    state: call.state,
    direction: call.direction ?? null,
    hangup_party: call.hangupParty ?? null,
    hangup_reason: call.hangupReason ?? null,
    local_hold: call.isLocalOnHold(),
    remote_hold: call.isRemoteOnHold(),
    transferable: call.opponentCanBeTransferred(),
    takes_digits: call.opponentSupportsDTMF(),
    identity: call.getRemoteAssertedIdentity() ?? null,
    feeds: call.getRemoteFeeds().map((feed) => ({
      purpose: feed.purpose,
      audio_muted: feed.isAudioMuted(),
      video_muted: feed.isVideoMuted(),
    })),
  };
}
