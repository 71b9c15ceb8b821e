import fc from "fast-check";
import {
  type Awaitable,
  type Completion,
  type FaultKind,
  type Invocation,
  labelled,
  type Program,
  type Request,
  type Step,
  type Target,
} from "./program.ts";

/** Where steps are: what they may do depends on it. */
interface Place {
  kind: Target["kind"];
  /** calls may be nested so deep */
  depth: number;
  /** the last key whose exclusive handler is being run: calls wait only for greater ones, so that none waits for itself */
  held: string;
}

const STATE = ["a", "bb"];
const PROMISES = ["p", "q"];
const SIGNALS = ["s", "t"];
const ONCE = ["once", "again"];
const OBJECTS = ["k", "l", "m"];
const WORKFLOWS = ["w", "x"];

const name = (names: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...names);
const value = fc.oneof(
  fc.nat(9),
  fc.constantFrom<unknown>(null, "", "é", true, [], [1, "x"], { n: { m: 0.1 } }),
  fc.string({ maxLength: 5 }),
);
const shortMs = fc.constantFrom(0, 1, 3, 10, 30);

const completion: fc.Arbitrary<Completion> = fc.record(
  {
    by: fc.oneof(
      { weight: 3, arbitrary: fc.constant<"child">("child") },
      { weight: 2, arbitrary: fc.constant<"self">("self") },
      { weight: 2, arbitrary: fc.constant<"client">("client") },
    ),
    rejected: fc.boolean(),
  },
  { requiredKeys: ["by"] },
);
/** A signal has no id that a client could be told. */
const handlersCompletion = completion.map((one): Completion => (one.by === "client" ? { ...one, by: "child" } : one));
const NOBODY: Completion = { by: "nobody" };

/**
 * Which attempt succeeds is never close to the last one: a fault makes one attempt more, of which the model shows less,
 * or one call more, by a process that is broken off between two turns of its event loop.
 */
const retried = (tries: number, succeeds: boolean) =>
  succeeds ? { failures: tries, maxAttempts: tries + 3 } : { failures: 20, maxAttempts: tries };

const run: fc.Arbitrary<Awaitable> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ begin: fc.constant<"run">("run"), name: name(["one", "two"]) }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(name(["one", "two"]), fc.integer({ min: 1, max: 3 }), fc.boolean())
      .map(([step, tries, succeeds]): Awaitable => ({ begin: "run", name: step, ...retried(tries, succeeds) })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      begin: fc.constant<"run">("run"),
      name: name(["one", "two"]),
      terminal: fc.constant(true),
    }),
  },
);

function awaitable(place: Place): fc.Arbitrary<Awaitable> {
  const timeoutMs = fc.constantFrom(1, 10, 40);
  const all: fc.WeightedArbitrary<Awaitable>[] = [
    { weight: 3, arbitrary: fc.record({ begin: fc.constant<"sleep">("sleep"), ms: shortMs }) },
    { weight: 5, arbitrary: run },
    { weight: 1, arbitrary: fc.record({ begin: fc.constant<"attach">("attach"), back: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ begin: fc.constant<"awakeable">("awakeable"), completion }) },
    {
      weight: 2,
      arbitrary: fc.record({
        begin: fc.constant<"signal">("signal"),
        name: name(SIGNALS),
        completion: handlersCompletion,
      }),
    },
    // what nobody completes times out
    {
      weight: 1,
      arbitrary: fc.record({
        begin: fc.constant<"awakeable">("awakeable"),
        completion: fc.constant(NOBODY),
        timeoutMs,
      }),
    },
  ];
  if (place.depth > 0)
    all.push({
      weight: 5,
      arbitrary: fc.record({ begin: fc.constant<"call">("call"), invocation: invocation(place, true) }),
    });
  if (place.kind.startsWith("workflow"))
    all.push({
      weight: 3,
      arbitrary: fc.record({ begin: fc.constant<"promise">("promise"), name: name(PROMISES), timeoutMs }),
    });
  const timed = fc
    .oneof(...all)
    .chain((what) =>
      fc
        .boolean()
        .chain((isTimed) => (isTimed ? timeoutMs.map((ms) => ({ timeoutMs: ms, ...what })) : fc.constant(what))),
    );
  return fc.oneof({ weight: 4, arbitrary: fc.oneof(...all) }, { weight: 1, arbitrary: timed });
}

function step(place: Place): fc.Arbitrary<Step> {
  const { kind, depth } = place;
  const several = fc.array(awaitable({ ...place, depth: depth - 1 }), { minLength: 2, maxLength: 3 });
  const all: fc.WeightedArbitrary<Step>[] = [
    { weight: 9, arbitrary: fc.record({ do: fc.constant<"await">("await"), what: awaitable(place) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant<"begin">("begin"), what: awaitable(place) }) },
    { weight: 2, arbitrary: fc.constant<Step>({ do: "awaitBegun" }) },
    ...(["all", "race", "any", "allSettled"] as const).map((combinator) => ({
      weight: 1,
      arbitrary: fc.record({ do: fc.constant(combinator), of: several }),
    })),
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant<"try">("try"),
        steps: steps({ ...place, depth: depth - 1 }, 1, 3),
        otherwise: steps({ ...place, depth: depth - 1 }, 0, 2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant<"fail">("fail"), code: fc.constantFrom(400, 409, 500) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "random" }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "date" }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant<"cancel">("cancel"),
        whom: fc.oneof<fc.Arbitrary<number | "self" | "caller">[]>(
          fc.nat(2),
          fc.nat(2),
          fc.constantFrom("self", "caller"),
        ),
      }),
    },
  ];
  if (depth > 0)
    all.push({
      weight: 3,
      arbitrary: fc.record(
        { do: fc.constant<"send">("send"), invocation: invocation(place, false), delayMs: shortMs },
        { requiredKeys: ["do", "invocation"] },
      ),
    });
  if (kind !== "service")
    all.push(
      { weight: 3, arbitrary: fc.record({ do: fc.constant<"get">("get"), name: name(STATE) }) },
      { weight: 1, arbitrary: fc.constant<Step>({ do: "stateKeys" }) },
    );
  if (kind === "object" || kind === "workflow")
    all.push(
      { weight: 4, arbitrary: fc.record({ do: fc.constant<"set">("set"), name: name(STATE), value }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant<"clear">("clear"), name: name(STATE) }) },
      { weight: 1, arbitrary: fc.constant<Step>({ do: "clearAll" }) },
    );
  if (kind === "workflow" || kind === "workflowShared")
    for (const what of ["resolvePromise", "rejectPromise", "peekPromise"] as const)
      all.push({
        weight: what === "rejectPromise" ? 1 : 2,
        arbitrary: fc.record({ do: fc.constant(what), name: name(PROMISES) }),
      });
  return fc.oneof(...all);
}

/** Steps, rarely with one that names what is no id, which its handler never gets past. */
function steps(place: Place, minLength: number, maxLength: number): fc.Arbitrary<Step[]> {
  if (place.depth < 0) return fc.array(leaf(place), { minLength, maxLength: Math.max(minLength, 1) });
  return fc.array(step(place), { minLength, maxLength, size: "max" });
}

/** A step with none within it. */
const leaf = (place: Place): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant<"await">("await"), what: awaitable({ ...place, depth: 0 }) });

function target(held: string, isAwaited: boolean): fc.Arbitrary<Target> {
  const isFree = (key: string) => !isAwaited || key > held;
  const kinds: fc.WeightedArbitrary<Target>[] = [
    { weight: 2, arbitrary: fc.constant<Target>({ kind: "service" }) },
    {
      weight: 2,
      arbitrary: fc
        .record({
          kind: fc.constantFrom<"objectShared" | "workflowShared">("objectShared", "workflowShared"),
          key: fc.constant(""),
        })
        .chain(({ kind }) => name(kind === "objectShared" ? OBJECTS : WORKFLOWS).map((key): Target => ({ kind, key }))),
    },
    { weight: 1, arbitrary: name(WORKFLOWS).map((key): Target => ({ kind: "workflow", key })) },
  ];
  const objects = OBJECTS.filter(isFree);
  if (objects.length > 0)
    kinds.push({ weight: 4, arbitrary: name(objects).map((key): Target => ({ kind: "object", key })) });
  return fc.oneof(...kinds);
}

function invocation(place: Place, isAwaited: boolean): fc.Arbitrary<Invocation> {
  return target(place.held, isAwaited).chain((to) => {
    const held =
      to.kind === "object" && to.key > place.held
        ? to.key
        : isAwaited
          ? place.held
          : to.kind === "object"
            ? to.key
            : "";
    const within: Place = { kind: to.kind, depth: place.depth - 1, held };
    return fc
      .record({ steps: steps(within, 1, 2), once: fc.option(name(ONCE), { nil: undefined, freq: 6 }) })
      .map(({ steps: taken, once }) => ({
        label: "",
        to,
        steps: taken,
        // a workflow's run takes none
        ...(once !== undefined && to.kind !== "workflow" && { once }),
      }));
  });
}

const DEPTH = 2;

const request: fc.Arbitrary<Request> = target("", false).chain((to) => {
  const place: Place = { kind: to.kind, depth: DEPTH, held: to.kind === "object" ? to.key : "" };
  return fc
    .record({
      steps: fc.tuple(steps(place, 3, 5), fc.nat(29)),
      once: fc.option(name(ONCE), { nil: undefined, freq: 2 }),
      mode: fc.constantFrom<Request["mode"]>("call", "send"),
      delayMs: fc.option(shortMs, { nil: undefined, freq: 4 }),
      waits: fc.boolean(),
    })
    .map(({ steps: [taken, rare], once, mode, delayMs, waits }) => ({
      label: "",
      to,
      steps: [...taken, ...(RARE[rare] ?? [])],
      mode,
      waits,
      ...(once !== undefined && to.kind !== "workflow" && { once }),
      ...(delayMs !== undefined && mode === "send" && { delayMs }),
    }));
});

/** Steps that no handler gets past. */
const RARE: Record<number, Step[]> = {
  0: [{ do: "completeNothing" }],
  1: [{ do: "signalNothing" }],
  2: [{ do: "cancel", whom: "none" }],
};

const faultKind: fc.Arbitrary<FaultKind> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<FaultKind>("cut-stream") },
  { weight: 4, arbitrary: fc.constant<FaultKind>("cancel") },
  { weight: 4, arbitrary: fc.constant<FaultKind>("kill") },
  { weight: 1, arbitrary: fc.constant<FaultKind>("cut-session") },
  { weight: 1, arbitrary: fc.constant<FaultKind>("kill-endpoint") },
);

/** Programs of everything that the SDK has; three of four with a fault. */
export const programs: fc.Arbitrary<Program> = fc
  .record(
    {
      variant: fc.constantFrom<Program["variant"]>("", "Suspending", "Lazy"),
      requests: fc.oneof(
        { weight: 3, arbitrary: fc.array(request, { minLength: 1, maxLength: 2 }) },
        { weight: 1, arbitrary: fc.array(request, { minLength: 3, maxLength: 3 }) },
      ),
      fault: fc.record({ kind: faultKind, at: fc.nat(1_000_000) }),
    },
    { requiredKeys: ["variant", "requests"] },
  )
  .map(labelled);
