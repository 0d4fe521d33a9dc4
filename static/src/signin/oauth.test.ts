import { expect, it } from "vitest";
import { finishOAuth } from "./oauth";
import type { Pending } from "./pending";

const PENDING: Pending = {
  kind: "oauth",
  state: "s",
  homeserver: "https://example.org",
  search: "",
  hash: "",
  begun: 0,
  oauth: {
    clientId: "c",
    deviceId: "D",
    codeVerifier: "v",
    issuer: "https://auth.example.org/",
  },
};

it.each([
  ["the person said no", "error=access_denied", /did not allow/],
  ["the server has a problem", "error=server_error", /could not be used/],
  ["no code", "", /could not be used/],
  // RFC 9207, 2.4: such an answer must not be sent on to the token endpoint.
  ["another issuer", "code=c&iss=https://evil.example/", /could not be used/],
])("%s: a sentence, and no request", async (_, answer, sentence) => {
  await expect(finishOAuth(PENDING, new URLSearchParams(answer))).rejects.toThrow(sentence);
});
