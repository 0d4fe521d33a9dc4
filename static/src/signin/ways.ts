/** How a homeserver lets people sign in (client-server API, GET /login and GET /auth_metadata). */
import { t } from "../text/i18n";
import { get } from "./discovery";
import { SignInError } from "./errors";

export interface Provider {
  /** Empty where the homeserver chooses. */
  id: string;
  name: string;
}

export interface Ways {
  /** The homeserver's base URL. */
  base: string;
  password: boolean;
  /** The identity providers of single sign-on. */
  providers: Provider[];
  /** Metadata of the OAuth 2.0 server, as it came; null where there is none. */
  oauth: unknown;
}

interface Flow {
  type?: unknown;
  identity_providers?: unknown;
  oauth_aware_preferred?: unknown;
  "org.matrix.msc3824.delegated_oidc_compatibility"?: unknown;
}

/** @throws SignInError where nothing that it offers is known here. */
export async function askWays(base: string): Promise<Ways> {
  const [flows, oauth] = await Promise.all([
    answer(`${base}/_matrix/client/v3/login`),
    answer(`${base}/_matrix/client/v1/auth_metadata`),
  ]);
  const ways = readWays(base, flows, oauth);
  if (!ways.password && ways.providers.length === 0 && !ways.oauth) {
    throw new SignInError(t("ways:none"));
  }
  return ways;
}

/** A server that does not say (null) is taken to know passwords: trying tells. */
export function readWays(base: string, login: unknown, oauth: unknown): Ways {
  const listed = (login as { flows?: unknown } | null)?.flows;
  const flows: Flow[] = Array.isArray(listed) ? listed.filter((each) => each !== null) : [];
  const has = (type: string) => flows.find((each) => each.type === type);
  const sso = has("m.login.sso");
  // MSC3824: beside OAuth 2.0 that flow is for clients which do not know it.
  const forOthers =
    sso?.oauth_aware_preferred === true ||
    sso?.["org.matrix.msc3824.delegated_oidc_compatibility"] === true;
  const metadata = isObject(oauth) ? oauth : null;
  return {
    base,
    password: !Array.isArray(listed) ? !metadata : has("m.login.password") !== undefined,
    providers: sso && !(forOthers && metadata) ? providersOf(sso) : [],
    oauth: metadata,
  };
}

const MOST_PROVIDERS = 20;

function providersOf(flow: Flow): Provider[] {
  const listed: unknown[] = Array.isArray(flow.identity_providers) ? flow.identity_providers : [];
  const found = listed.slice(0, MOST_PROVIDERS).flatMap((each) => {
    if (!isObject(each) || typeof each.id !== "string" || typeof each.name !== "string") return [];
    return [{ id: each.id, name: each.name.slice(0, 60) }];
  });
  return found.length > 0 ? found : [{ id: "", name: "" }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** null for everything but a JSON answer of 200. */
async function answer(url: string): Promise<unknown> {
  try {
    const found = await get(url);
    return found.ok ? await found.json() : null;
  } catch {
    return null;
  }
}
