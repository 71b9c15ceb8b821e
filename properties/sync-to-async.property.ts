import fc from "fast-check";
import { z } from "zod";
import {
  at,
  cancel,
  checks,
  constants,
  disturbances,
  fastRetries,
  faults,
  fieldOf,
  type Group,
  groupBy,
  type HistoryView,
  ids,
  invalidInput,
  type OperationRecord,
  oneByOne,
  operation,
  property,
  scenario,
  terminate,
  violation,
  withWrong,
  world,
} from "../harness/index.ts";

const settings = constants("sync-to-async", { UPLOAD_WAIT: 100, UPLOAD_HOLD: 150 });
const CLOCK_TOLERANCE_MS = 5;
const [NO_BUCKET, NEVER_BEGAN, ENDED, NO_ADDRESS] = [403, 404, 409, 422];

// --- what clients do

const [NO_QUOTA, ADA] = [`@${world.NO_QUOTA}`, "ada@mail.example"];
const U1 = { user: "@u1", email: ADA };
const user = ids("@u1", "@u1", "@U1", "@u/1", "@u2", NO_QUOTA);
const email = ids(ADA, ADA, "Ada@mail.example", " ada@mail.example", world.UNKNOWN_ADDRESS);

const run = operation({
  weight: 3,
  args: fc.record({ user }),
  request: ({ user }) => ({ call: "dataUploader/run", key: user }),
  identity: ({ user }) => user,
  answer: z.url(),
  failsWith({ id, args: { user }, left }, view): number[] {
    // it runs once: whoever is not the first to ask is told so
    const isFirst = (one: OperationRecord) => one.id !== id && one.invoked < left && one.error?.code !== ENDED;
    return [...uploadFailsWith(user, view), ...(starters(user, view).some(isFirst) ? [ENDED] : [])];
  },
});
/** At the front door: is told the URL, or that it will be mailed. */
const upload = operation({
  weight: 3,
  args: fc.record({ user, email }),
  request: ({ user, email }) => ({ front: "POST /uploads/:user", params: { user }, input: { email } }),
  answer: z.union([z.strictObject({ url: z.url() }), z.strictObject({ mailedTo: z.string() })]),
  failsWith: ({ args }, view) => uploadFailsWith(args.user, view),
  oneWay: true,
  interruptions: { attach: 0 },
});
const asEmail = ({ user: key, email }: typeof U1) => ({ call: "dataUploader/resultAsEmail", key, input: { email } });
const mail = operation({
  weight: 5,
  args: fc.record({ user, email }),
  request: asEmail,
  routes: {
    keyed: (args) => ({ ...asEmail(args), idempotencyKey: args.email }),
    later: (args) => ({ ...asEmail(args), send: true }),
  },
  answer: z.null(),
  failsWith({ args: { user, email } }, view) {
    return [...uploadFailsWith(user, view), NEVER_BEGAN, ...(email === world.UNKNOWN_ADDRESS ? [NO_ADDRESS] : [])];
  },
  waits: true,
});
const malformed = invalidInput(...withWrong({ front: "POST /uploads/@u1" }, {}, { email: ["", 7, null, "\ud800"] }));

const isMail = ({ system }: { system: string }) => system === "mail";
/** All that is asked and done for a user; what begins the upload; what may send a mail to an address. */
const users = groupBy({ of: [run, upload, mail], by: ({ user }) => user });
const uploads = groupBy({ of: [run, upload], by: ({ user }) => user });
const mails = groupBy({
  of: [upload, mail],
  by: ({ user, email }) => `${user} to ${email}`,
  effectsBy: (entry) => (isMail(entry) ? `${entry.reference} to ${entry.text("to")}` : undefined),
});

const starters = (user: string, view: HistoryView): OperationRecord[] => uploads.get(user, view)?.operations ?? [];
/** Why an upload may fail, as everybody hears who waits for it. */
function uploadFailsWith(user: string, view: HistoryView): number[] {
  const ended = starters(user, view).some((one) => one.isInterrupted) ? [ENDED] : [];
  return user === NO_QUOTA ? [NO_BUCKET, ...ended] : ended;
}

// --- what must hold

type All = Group<typeof run | typeof upload | typeof mail>;
const urlOf = ({ result = null }: OperationRecord) => (typeof result === "string" ? result : fieldOf(result, "url"));
const isQuick = (one: OperationRecord) => urlOf(one) !== undefined;

/** The URLs that somebody was told, and where: in an answer, by attaching to the upload, or in a mail. */
function urlsIn({ operations, attached, effects }: All) {
  const answered = [...operations, ...attached].filter(isQuick);
  const inMail = (text = "") => /https?:\S+/.exec(text)?.[0] ?? "none";
  const mailed = effects.filter(isMail).map((one) => ({ url: inMail(one.text("text")), place: one.index }));
  return [...answered.map((one) => ({ url: urlOf(one), place: one.completed })), ...mailed];
}

/** Everybody is told the same URL: that of the user's object, which is there by then. */
const oneUrl = users.every((group) => {
  const [first, ...others] = urlsIn(group);
  if (!first) return undefined;
  const stored = group.effects.find(({ action }) => action === "put-object");
  const [object, bucket] = String(first.url).split("/").toReversed();
  const isThere = stored?.key === bucket && stored?.text("object") === object;
  const other = others.find(({ url }) => url !== first.url);
  const places = [first, ...others].map(({ place }) => place);
  if (isThere && !other && places.every((place) => stored && stored.index < place)) return undefined;
  const summary = `Of the upload of ${group.key} somebody was told a URL that is none, or not the one of all others.`;
  return violation(summary, { expected: first.url, seen: other?.url }, places, stored);
});

const runsOnce = uploads.every(({ key, operations, effects }) => {
  const answered = run.among(operations).filter(({ outcome }) => outcome === "ok");
  const stored = effects.filter(({ action }) => action === "put-object");
  const most = Math.max(answered.length, stored.length);
  return most > 1 && violation(`The upload of ${key} ran ${checks.times(most)}.`, {}, answered, stored);
});

/** Where an upload failed or was ended nobody has its URL; and who waits for it hears so. */
const oneEnd = users.every((group, view) => {
  const [told] = urlsIn(group);
  const isOfUpload = (one: OperationRecord) =>
    run.is(one) ? starters(group.key, view).length === 1 : !one.isInterrupted;
  const failed = group.operations.find((one) => [NO_BUCKET, ENDED].includes(one.error?.code ?? 0) && isOfUpload(one));
  if (!told || !failed) return undefined;
  return violation(`${failed} was told that an upload failed whose URL somebody has.`, {}, told.place, failed);
});

/** When the upload had evidently begun: something of it had come to the object storage. */
const begunAt = ({ ledger, faults }: All, view: HistoryView): number => {
  const held = faults.flatMap((fault) => (fault.at.at === "effect" ? [fault.injected] : []));
  return Math.min(...[...ledger.map(({ index }) => index), ...held].map((place) => checks.timeAt(place, view)));
};
/** Until when a mail waits for that, at least. */
const heldUntil = ({ invoked }: Pick<OperationRecord, "invoked">, view: HistoryView): number =>
  checks.timeAt(invoked, view) + settings.UPLOAD_HOLD - CLOCK_TOLERANCE_MS;

const errorAfterHold = users.every((group, view) => {
  const early = mail.among(group.requests).find(({ error, invocation, outcome, invoked, left }) => {
    // without an invocation it was refused by a server that did not know its services yet
    if (error?.code !== NEVER_BEGAN || invocation === undefined) return false;
    const told = outcome === "fail" ? checks.timeAt(left, view) : Number.POSITIVE_INFINITY;
    return Math.min(told, begunAt(group, view)) < heldUntil({ invoked }, view);
  });
  return early && violation(`${early} gave up an upload that had begun, or could.`, {}, early, group.effects);
});

/** A mail that somebody was told of is sent by then; one that was accepted is sent by the end, if there is a URL. */
const mailArrives = mails.every(({ key, args, requests, effects }, view) => {
  const group = users.get(args.user, view);
  if (!group || args.email === world.UNKNOWN_ADDRESS) return undefined;
  const isSure = starters(group.key, view).some(({ outcome }) => outcome === "ok");
  const isUploaded = urlsIn(group).length > 0 || (isSure && uploadFailsWith(group.key, view).length === 0);
  const lost = requests.find((one) => {
    if (one.outcome !== "ok" || one.isInterrupted || isQuick(one)) return false;
    if (mail.is(one) && one.route !== "later") return !effects.some(({ index }) => index < one.completed);
    return isUploaded && begunAt(group, view) < heldUntil(one, view) && effects.length === 0;
  });
  return lost && violation(`${lost} was told of a mail from ${key}, which was not sent.`, {}, lost, effects);
});

const mailedAfterWait = upload.every((one, view) => {
  const waited = checks.timeAt(one.left, view) - checks.timeAt(one.invoked, view);
  const isDue = one.outcome !== "ok" || isQuick(one) || waited >= settings.UPLOAD_WAIT - CLOCK_TOLERANCE_MS;
  return !isDue && violation(`${one} did not wait for its URL.`, { expected: settings.UPLOAD_WAIT, seen: waited }, one);
});

// --- the property

const [ran, uploaded, mailed] = [run(U1), upload({ ...U1, email: "Ada@mail.example" }), mail(U1)];
const mailedTo = (email: string) => mail({ ...U1, email });
const [poor, unknown] = [{ ...U1, user: NO_QUOTA }, mailedTo(world.UNKNOWN_ADDRESS)];
const [mailedToPoor, uploadedForPoor] = [mail(poor).refusedWith(NO_BUCKET), upload(poor).refusedWith(NO_BUCKET)];
/** A mail has begun to wait; an upload is about to store the data, of o2 or of o1. */
const [waits, storing, stalling] = [at.message("o1", 2), at.externalCall("o2", 2), at.externalCall("o1", 2)];
const stalled = faults.stall.before(storing);
const isTold = (code: number) => mail.some(({ error, isInterrupted }) => error?.code === code && !isInterrupted);
const isInSpite = mails.some(({ isInterrupted, effects }) => isInterrupted && effects.length > 0);
const whileMailWaits = (more: Record<string, typeof ran>, ...held: (typeof stalled)[]) =>
  scenario({ o1: mailed, o2: ran.after(waits), ...more }, ...held);

property("data is uploaded once, and everyone is told the URL, at once or by mail", {
  pattern: "sync-to-async",
  settings: { ...fastRetries, ...settings },
  operations: { run, upload, mail, malformed },
  invariants: {
    "one bucket": checks.effectsOnce(uploads, {
      effect: ({ action, reference }) => (action === "create-bucket" ? reference : undefined),
      isDue: () => false,
    }),
    "one URL": oneUrl,
    "the data is the user's": checks.effectsCarry(uploads, ({ action }, { key }) =>
      action === "put-object" ? { content: `Data of ${key}` } : undefined,
    ),
    "runs once": runsOnce,
    "one end for all": oneEnd,
    "an error after the hold time": errorAfterHold,
    "one mail per address": checks.effectsOnce(mails, { isDue: () => false }),
    "the mail arrives": mailArrives,
    "mailed after the wait": mailedAfterWait,
    "no spurious upload": checks.noSpuriousEffects(uploads, (entry) => !isMail(entry)),
    "no spurious mail": checks.noSpuriousEffects(mails, (entry) => isMail(entry) && entry.type === "effect"),
  },
  scenarios: {
    "answered at once": scenario({ o1: upload({ ...U1, user: "@u/1" }) }).reachedWhen(upload.some(isQuick)),
    "mailed later, when the mail was cancelled and asked for again": scenario(
      { o1: ran, o2: uploaded.before(stalling), o3: cancel("o2").after("o2"), o4: uploaded.after("o3") },
      faults.stall.before(stalling),
    ),
    "a mail is asked for before, during and after": whileMailWaits({
      o3: mailedTo("Ada@mail.example").before(storing),
      o4: mailedTo(" ada@mail.example").after("o2"),
    }),
    "several ask for one mail": scenario({ o1: ran, o2: mailed, o3: mailed.via("keyed"), o4: mailed.via("later") }),
    "it is asked for again, every way": scenario(
      oneByOne(ran, ran.refusedWith(ENDED), uploaded, mailed, mailed.via("later"), unknown.refusedWith(NO_ADDRESS)),
    ),
    "nobody begins it": scenario(oneByOne(mailed.refusedWith(NEVER_BEGAN), ran, mailed)),
    "it stalls for longer than the hold time": scenario({ o1: ran, o2: mailed }, faults.stall.before(stalling)),
    "it fails, and everyone hears of it": scenario({
      o1: mailedToPoor,
      o2: uploadedForPoor.after(waits),
      o3: mailedToPoor.after("o2"),
      o4: run(poor).refusedWith(ENDED).after("o2"),
    }),
    "it is cancelled, twice, while a mail waits": whileMailWaits(
      { o3: cancel("o2").before(storing), o4: cancel("o2").after("o3") },
      stalled,
    ).reachedWhen(isTold(ENDED)),
    "it is cancelled when it has ended": whileMailWaits({ o3: cancel("o2").before(at.message("o2", 8)) }),
    "it is terminated": whileMailWaits({ o3: terminate("o2").before(storing) }, stalled).reachedWhen(isTold(ENDED)),
    "it is terminated before it has begun": whileMailWaits({
      o3: terminate("o2").before(at.message("o2", 1)),
    }).reachedWhen(isTold(NEVER_BEGAN)),
    "a mail is cancelled while it waits, and asked for again": whileMailWaits({
      o3: cancel("o1").before(storing),
      o4: mailed.after("o3"),
    }).reachedWhen(isInSpite),
    "a mail is terminated when it is sent, and asked for again": scenario(
      oneByOne(ran, mailed, terminate("o2").after(at.externalCall("o2", 1)), mailed),
    ).reachedWhen(isInSpite),
    ...disturbances("data is uploaded", ran, { call: 2, message: 3 }),
    ...disturbances("a URL is mailed", mailed.after("o0"), { call: 1, message: 5 }, { o0: ran }),
    ...disturbances("a client waits for the URL", uploaded, { call: 1, message: 3 }),
  },
});
