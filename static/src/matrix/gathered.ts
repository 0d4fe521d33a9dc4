/**
 * The candidates that lay ready (`iceCandidatePoolSize`) go with the invite. The SDK reads the
 * description before the browser has put them in, and then sends them in an event of their own,
 * for which a homeserver takes as long as for the invite; the answer waits behind it.
 */
const PATIENCE_MS = 20;

/** To be called before the connection describes itself for the first time. */
export function gatherFirst(connection: RTCPeerConnection) {
  const describe = connection.setLocalDescription.bind(connection);
  connection.setLocalDescription = async (description?: RTCLocalSessionDescriptionInit) => {
    Reflect.deleteProperty(connection, "setLocalDescription");
    const ready = allReady(connection);
    await describe(description);
    if (await Promise.race([ready, patience()])) hideGathering(connection);
  };
}

/** Those that lie ready come at once, one after the other; others take a tenth of a second. */
function allReady(connection: RTCPeerConnection): Promise<boolean> {
  return new Promise((resolve) => {
    const soon = () => setTimeout(resolve, 0, true);
    connection.addEventListener("icecandidate", soon, { once: true });
  });
}

/** Where nothing lies ready (Firefox has no pool), the SDK waits by itself. */
function patience(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, false));
}

/** The SDK would wait 200 ms where it sees "gathering"; it looks as soon as we are done. */
function hideGathering(connection: RTCPeerConnection) {
  Object.defineProperty(connection, "iceGatheringState", { value: "new", configurable: true });
  setTimeout(() => Reflect.deleteProperty(connection, "iceGatheringState"));
}
