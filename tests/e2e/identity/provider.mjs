/**
 * An OpenID Connect and OAuth 2.0 server on loopback, for tests: `oidc-provider` with a login page
 * that believes every name. Started as `node provider.mjs '{"port": …, …}'`.
 *
 * With `client` it is what Synapse's `oidc_providers` asks. With `synapse` it does for that
 * homeserver what Matrix Authentication Service does: registers pages, answers introspection,
 * makes and removes accounts and devices, and passes /_matrix on, so that both have one origin.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../../static/package.json", import.meta.url));
const file = require.resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(file).href);
const inner = new URL("./helpers/weak_cache.js", pathToFileURL(file));
const { default: instance } = await import(inner.href);

const options = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${options.port}`;
const MATRIX_DEVICE = "urn:matrix:client:device:";

const provider = new Provider(issuer, {
  clients: options.client ? [options.client] : [],
  scopes: ["openid", "profile", "urn:matrix:client:api:*"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id, preferred_username: id }),
  }),
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
  },
  pkce: { required: (_, client) => client.clientAuthMethod === "none" },
  clientBasedCORS: () => true,
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  ttl: { AccessToken: options.lifetime ?? 3600, RefreshToken: 86400 },
  rotateRefreshToken: true,
  routes: { registration: "/oauth2/registration", token: "/oauth2/token", revocation: "/oauth2/revoke" },
  discovery: { account_management_uri: `${issuer}/account` },
  // Whoever signs in agrees, so that a test has one form to send.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope(ctx.oidc.params.scope ?? "openid");
    await grant.save();
    return grant;
  },
});

/** The library knows no scopes that are made per device: they become known as they are asked for. */
function allowDeviceScopes(scope = "") {
  for (const each of scope.split(" ")) {
    if (each.startsWith(MATRIX_DEVICE)) instance(provider).configuration.scopes.add(each);
  }
}

async function tellSynapse(path, body) {
  const answer = await fetch(`${options.synapse.url}/_synapse/mas/${path}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${options.synapse.secret}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Synapse refused ${path}: ${answer.status} ${await answer.text()}`);
}

const deviceOf = (scope = "") =>
  scope.split(" ").find((each) => each.startsWith(MATRIX_DEVICE))?.slice(MATRIX_DEVICE.length);

async function introspect(ctx) {
  const asked = new URLSearchParams(await text(ctx.req)).get("token");
  const token = await provider.AccessToken.find(asked);
  ctx.body = token?.isValid
    ? { active: true, scope: token.scope, username: token.accountId, expires_in: token.remainingTTL }
    : { active: false };
}

async function pass(ctx) {
  const answer = await fetch(options.synapse.url + ctx.url, {
    method: ctx.method,
    headers: Object.fromEntries(
      ["authorization", "content-type", "origin"].flatMap((name) =>
        ctx.headers[name] ? [[name, ctx.headers[name]]] : [],
      ),
    ),
    ...(["GET", "HEAD"].includes(ctx.method) ? {} : { body: await text(ctx.req) }),
  });
  for (const [name, value] of answer.headers) {
    if (/^(access-control-|content-type)/.test(name)) ctx.set(name, value);
  }
  ctx.status = answer.status;
  ctx.body = Buffer.from(await answer.arrayBuffer());
}

/** Matrix asks that pages of other origins may register. true: that was the question itself. */
function allowOrigin(ctx) {
  ctx.set("Access-Control-Allow-Origin", "*");
  ctx.set("Access-Control-Allow-Headers", "Content-Type");
  if (ctx.method !== "OPTIONS") return false;
  ctx.status = 204;
  return true;
}

async function text(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}

provider.use(async (ctx, next) => {
  if (options.synapse && ctx.path.startsWith("/_matrix/")) return pass(ctx);
  if (options.synapse && ctx.path === "/oauth2/introspect") return introspect(ctx);
  if (ctx.path === "/oauth2/registration" && allowOrigin(ctx)) return;
  allowDeviceScopes(ctx.query.scope);
  const revoked = ctx.path === "/oauth2/revoke" ? ctx.req : null;
  await next();
  if (!options.synapse) return;
  if (ctx.path === "/oauth2/token" && ctx.status === 200) {
    const token = await provider.AccessToken.find(ctx.body.access_token);
    const localpart = token.accountId;
    await tellSynapse("provision_user", { localpart, set_displayname: localpart });
    await tellSynapse("upsert_device", { localpart, device_id: deviceOf(token.scope) });
  }
  if (revoked) console.log(`revoked ${ctx.status}`);
});
provider.on("server_error", (_, error) => console.log(error));
provider.on("grant.error", (_, error) => console.log(error.message, error.error_detail));
provider.on("registration_create.error", (_, error) => console.log(error.message, error.error_description));

provider.listen(options.port, "127.0.0.1");
