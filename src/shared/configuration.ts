/**
 * Settings of the services. They are read from the environment at the moment of use, never at import, so that one
 * bundle serves under any settings. A setting that is malformed throws an error that names it.
 */

/** Where the services' front apps reach Restate. */
export const ingressUrl = () => url("INGRESS_URL", "http://127.0.0.1:8080");

/** What `ingressUrl` reads. */
export const ingressSetting = { INGRESS_URL: "where the front app reaches Restate (http://127.0.0.1:8080)" };

/** Cents on an account that was never used. */
export const openingBalance = () => whole("OPENING_BALANCE", 0);

/** Milliseconds after which a payment id is forgotten and may be used again. */
export const tokenExpiry = () => whole("TOKEN_EXPIRY", 60 * 60 * 1000);

/** Milliseconds from one reminder of a failed payment to the next, and from the last one to the escalation: a day. */
export const reminderInterval = () => whole("REMINDER_INTERVAL", 24 * 60 * 60 * 1000);

/** Who is reminded where the customer has no address. */
export const billingAddress = () => process.env.BILLING_ADDRESS ?? "billing@localhost";

/** What Stripe signs its deliveries with. While a secret is being rolled, it signs with the old one and the new one. */
export const webhookSecret = () => process.env.STRIPE_WEBHOOK_SECRET ?? "whsec_stormproof";

/** Seconds after which a delivery of Stripe's is too old to be believed. None would mean to Stripe's client that age does not matter. */
export const webhookTolerance = () => positive("STRIPE_WEBHOOK_TOLERANCE", 300);

/** What the two of them read. */
export const webhookSettings = {
  STRIPE_WEBHOOK_SECRET: "the signing secret of the webhook endpoint at Stripe (whsec_stormproof)",
  STRIPE_WEBHOOK_TOLERANCE: "seconds after which a delivery is too old (300)",
};

/** Milliseconds that a machine takes to get up or down. */
export const transitionTime = () => whole("TRANSITION_TIME", 5_000);

/** Milliseconds that a client waits for the URL of an upload before it asks for a mail. */
export const uploadWait = () => whole("UPLOAD_WAIT", 5_000);

/** Milliseconds that a mail waits for its upload to begin. */
export const uploadHold = () => whole("UPLOAD_HOLD", 60_000);

/** How many may hold a slot of a queue at the same time. */
export const queueLimit = () => whole("QUEUE_LIMIT", 10);

/** Permits per second of a limiter whose rate was never set. */
export const limiterRate = () => whole("LIMITER_RATE", 10);

/** Permits that such a limiter grants at once. */
export const limiterBurst = () => whole("LIMITER_BURST", 10);

/** Items of a full batch. */
export const batchSize = () => whole("BATCH_SIZE", 10);

/** Milliseconds after which a batch that is not full is handed over as well. */
export const batchTime = () => whole("BATCH_TIME", 10_000);

/** The address of PostgreSQL, with the database and the user. */
export const databaseUrl = () =>
  address("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres", /^postgres(ql)?:$/);

/** How many connections to PostgreSQL a process may have. */
export const databaseConnections = () => whole("DATABASE_CONNECTIONS", 10);

/** Milliseconds after which PostgreSQL gives up a statement, or a transaction that is left alone. */
export const databaseTimeout = () => whole("DATABASE_TIMEOUT", 10_000);

/** Milliseconds after which an update's token is forgotten: longer than any process may have been frozen. */
export const idempotencyKeyExpiry = () => whole("IDEMPOTENCY_KEY_EXPIRY", 24 * 60 * 60 * 1000);

/** Milliseconds between two looks for prepared transactions that nobody will commit. */
export const sweepInterval = () => whole("SWEEP_INTERVAL", 60_000);

/** Milliseconds that a process may have been frozen and still go on: until then such transactions can appear. */
export const longestFreeze = () => whole("LONGEST_FREEZE", 60 * 60 * 1000);

/** The base address of an external system. Its default is no port that `fetch` refuses, as it does 5060. */
export const externalUrl = (system: string) => url(externalSetting(system), `http://127.0.0.1:5070/${system}`);

/** The setting that holds it: "payment-provider" is found at PAYMENT_PROVIDER_URL. */
export const externalSetting = (system: string) => `${settingPrefix(system)}_URL`;

/** What the services show an external system to be let in: for "payment-provider" it is PAYMENT_PROVIDER_SECRET. */
export const externalSecret = (system: string, fallback = "stormproof") =>
  process.env[externalSecretSetting(system)] ?? fallback;

/** The setting that holds it. */
export const externalSecretSetting = (system: string) => `${settingPrefix(system)}_SECRET`;

const settingPrefix = (system: string) => system.toUpperCase().replaceAll("-", "_");

/** How `ctx.run` asks an external system again that failed or did not answer: without end, ever more slowly. */
export const externalRetries = () => ({
  initialRetryInterval: whole("EXTERNAL_RETRY_INTERVAL", 250),
  retryIntervalFactor: 2,
  maxRetryInterval: whole("EXTERNAL_RETRY_MAX_INTERVAL", 30_000),
});

/** What `externalRetries` reads. */
export const retrySettings = {
  EXTERNAL_RETRY_INTERVAL: "milliseconds until a failed call to an external system is repeated; it doubles (250)",
  EXTERNAL_RETRY_MAX_INTERVAL: "the longest such wait, in milliseconds (30000)",
};

/** The TCP port that is set under `name`. */
export function port(name: string, fallback: number): number {
  const value = whole(name, fallback);
  if (value > 65_535) throw new Error(`${name} must be a port number, and is ${value}`);
  return value;
}

function whole(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new Error(`${name} must be a whole number, and is ${JSON.stringify(text)}`);
  }
  return value;
}

function positive(name: string, fallback: number): number {
  const value = whole(name, fallback);
  if (value === 0) throw new Error(`${name} must be more than 0`);
  return value;
}

function url(name: string, fallback: string): string {
  return address(name, fallback, /^https?:$/).replace(/\/+$/, "");
}

function address(name: string, fallback: string, protocol: RegExp): string {
  const text = process.env[name] ?? fallback;
  if (!protocol.test(URL.parse(text)?.protocol ?? "")) {
    const kind = protocol.test("http:") ? "an http" : "a postgresql";
    throw new Error(`${name} must be ${kind} address, and is ${JSON.stringify(text)}`);
  }
  return text;
}
