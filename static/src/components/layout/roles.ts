/** Which picture of a call is where. Pure. */

export type Who = "peer" | "self" | "peerScreen" | "ownScreen";
/** `second` stands beside `small`. `none`: not drawn, though its sound is heard. */
export type Role = "large" | "small" | "second" | "tile" | "none";

export interface Seen {
  /** Both sides are connected. */
  connected: boolean;
  peerCamera: boolean;
  selfCamera: boolean;
  peerScreen: boolean;
  ownScreen: boolean;
  tiles: boolean;
  selfHidden: boolean;
}

export function rolesOf(seen: Seen): Record<Who, Role> {
  const self = seen.selfCamera && !seen.selfHidden;
  if (seen.tiles && seen.connected) {
    return {
      peer: "tile",
      // Who hides their own picture does not want their initials there either.
      self: seen.selfHidden ? "none" : "tile",
      peerScreen: seen.peerScreen ? "tile" : "none",
      ownScreen: seen.ownScreen ? "tile" : "none",
    };
  }
  // Of one's own screen a small picture does: it is on the screen already.
  const peerScreen: Role = seen.peerScreen ? "large" : "none";
  const peer: Role = !seen.peerCamera ? "none" : seen.peerScreen ? "second" : "large";
  const ownScreen: Role = !seen.ownScreen ? "none" : peer === "second" ? "none" : "second";
  return { peer, self: self ? "small" : "none", peerScreen, ownScreen };
}
