import { expect, it } from "vitest";
import { readWays } from "./ways";

const BASE = "https://matrix.example.org";
const PASSWORD = { type: "m.login.password" };
const SSO = { type: "m.login.sso" };
const METADATA = { issuer: "https://auth.example.org/" };

it.each([
  ["passwords", { flows: [PASSWORD] }, null, true, 0, false],
  ["single sign-on alone", { flows: [SSO, { type: "m.login.token" }] }, null, false, 1, false],
  ["OAuth 2.0 alone: /login is gone there", null, METADATA, false, 0, true],
  ["no word on logins", null, null, true, 0, false],
  ["flows that are no list", { flows: "x" }, null, true, 0, false],
  [
    "single sign-on meant for clients without OAuth 2.0",
    { flows: [{ ...SSO, oauth_aware_preferred: true }] },
    METADATA,
    false,
    0,
    true,
  ],
  ["nothing known", { flows: [{ type: "org.example.knock" }, null] }, null, false, 0, false],
])("%s", (_, login, oauth, password, providers, hasOAuth) => {
  const ways = readWays(BASE, login, oauth);
  expect(ways.password).toBe(password);
  expect(ways.providers.length).toBe(providers);
  expect(ways.oauth !== null).toBe(hasOAuth);
});

it("names the providers, and drops what is no provider", () => {
  const listed = [{ id: "house", name: "House" }, { id: 7, name: "Seven" }, null, { id: "x" }];
  const login = { flows: [{ ...SSO, identity_providers: listed }] };
  expect(readWays(BASE, login, null).providers).toEqual([{ id: "house", name: "House" }]);
});

it("shows a bounded number of providers with bounded names", () => {
  const listed = Array.from({ length: 500 }, (_, id) => ({ id: `${id}`, name: "n".repeat(9000) }));
  const { providers } = readWays(BASE, { flows: [{ ...SSO, identity_providers: listed }] }, null);
  expect(providers.length).toBeLessThan(50);
  expect(providers[0]?.name.length).toBeLessThan(100);
});
