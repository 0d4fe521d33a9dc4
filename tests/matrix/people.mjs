// People with matrix-js-sdk, whose cryptography is that of Element: matrix-rust-sdk as WebAssembly.
//
// Reads one JSON order a line and answers each with one line: {"id", "ok"} or {"id", "error"}. What
// the clients receive is written as {"who", "event": …}. Everything else goes to stderr.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const packages = createRequire(process.argv[2]);
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);
// matrix-js-sdk 43 asks for Node 22 because of this alone.
Promise.withResolvers ??= () => {
    const made = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
};
console.log = console.info = console.debug = console.warn = console.error;
const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, getChild: () => quiet };

const { createClient, ClientEvent, MatrixEventEvent } = await load("matrix-js-sdk");
const { decodeRecoveryKey, OnlySignedDevicesIsolationMode } = await load(
    "matrix-js-sdk/lib/crypto-api/index.js",
);

const people = new Map();
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function until(holds) {
    while (!holds()) await new Promise((done) => setTimeout(done, 20));
}

function tell(who, event) {
    if (event.isBeingDecrypted() || event.getSender() === people.get(who).client.getUserId()) return;
    if (!event.isEncrypted()) return;
    const failure = event.isDecryptionFailure() ? event.decryptionFailureReason : null;
    const type = failure ? null : event.getType();
    say({ who, event: { type, content: failure ? {} : event.getContent(), failure } });
}

const orders = {
    async login({ who, homeserver, user, password, onlySigned }) {
        const guest = createClient({ baseUrl: homeserver, logger: quiet });
        const login = await guest.loginRequest({
            type: "m.login.password",
            identifier: { type: "m.id.user", user },
            password,
        });
        let storageKey = null;
        const client = createClient({
            baseUrl: homeserver,
            userId: login.user_id,
            deviceId: login.device_id,
            accessToken: login.access_token,
            logger: quiet,
            cryptoCallbacks: {
                getSecretStorageKey: async ({ keys }) => [Object.keys(keys)[0], storageKey],
                cacheSecretStorageKey: (_id, _info, key) => {
                    storageKey = key;
                },
            },
        });
        people.set(who, { client, password, opens: (key) => (storageKey = key) });
        await client.initRustCrypto({ useIndexedDB: false });
        if (onlySigned) {
            client.getCrypto().setDeviceIsolationMode(new OnlySignedDevicesIsolationMode());
        }
        client.on(ClientEvent.Event, (event) => tell(who, event));
        client.on(MatrixEventEvent.Decrypted, (event) => tell(who, event));
        await client.startClient();
        await until(() => client.getSyncState() === "SYNCING");
        return { userId: login.user_id, deviceId: login.device_id };
    },

    /** What a client does at the first login: cross-signing, and recovery where it is asked for. */
    async setUp({ who, recovery }) {
        const { client, password } = people.get(who);
        const crypto = client.getCrypto();
        await crypto.bootstrapCrossSigning({
            authUploadDeviceSigningKeys: (request) =>
                request({
                    type: "m.login.password",
                    identifier: { type: "m.id.user", user: client.getUserId() },
                    password,
                }),
        });
        if (!recovery) return {};
        const key = await crypto.createRecoveryKeyFromPassphrase();
        await crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => key });
        return { recoveryKey: key.encodedPrivateKey };
    },

    /** What a client does with a recovery key: the private keys out of secret storage. */
    async recover({ who, recoveryKey }) {
        const person = people.get(who);
        person.opens(decodeRecoveryKey(recoveryKey));
        const crypto = person.client.getCrypto();
        await crypto.userHasCrossSigningKeys(person.client.getUserId(), true);
        await crypto.bootstrapCrossSigning({});
        return { ready: await crypto.isCrossSigningReady() };
    },

    async trust({ who, user, device }) {
        const crypto = people.get(who).client.getCrypto();
        await crypto.getUserDeviceInfo([user], true);
        const status = await crypto.getDeviceVerificationStatus(user, device);
        return { signedByOwner: status?.signedByOwner ?? null };
    },

    async room({ who, invite }) {
        const { room_id } = await people.get(who).client.createRoom({
            preset: "trusted_private_chat",
            invite: [invite],
            initial_state: [
                {
                    type: "m.room.encryption",
                    state_key: "",
                    content: { algorithm: "m.megolm.v1.aes-sha2" },
                },
            ],
        });
        return { roomId: room_id };
    },

    async send({ who, roomId, type, content }) {
        const { client } = people.get(who);
        await until(() => client.getRoom(roomId));
        const { event_id } = await client.sendEvent(roomId, type, content);
        return { eventId: event_id };
    },
};

for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    orders[order.do](order).then(
        (ok) => say({ id: order.id, ok }),
        (error) => say({ id: order.id, error: String(error?.stack ?? error) }),
    );
}
process.exit(0);
