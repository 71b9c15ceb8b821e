/**
 * Test services with one of everything that the SDK offers, for comparing the model of Restate with the real server. They
 * call one external system, at EXTERNAL_URL. There are three variants of them, alike but for how their handlers are run.
 */
import * as restate from "@restatedev/restate-sdk";
import { OPERATION_HEADER } from "../headers.ts";
import { errorAsValue } from "./error-as-value.ts";
import { callExternal } from "./external.ts";
import { programServices } from "./programs/services.ts";

const { object, service, workflow, handlers, TerminalError, RestatePromise, rpc } = restate;

/** Headers that name the client for whom a call is made: without a key, nothing else says it. */
function onBehalf(ctx: restate.Context): Record<string, string> {
  return { [OPERATION_HEADER]: ctx.request().headers.get(OPERATION_HEADER) ?? "" };
}

/** A step that fails, is tried once more after some milliseconds, and fails for good. */
const failTwice = (ctx: restate.Context, name: string, retryAfter: number) =>
  ctx.run(
    name,
    () => {
      throw new restate.RetryableError("not yet", { retryAfter });
    },
    { maxRetryAttempts: 2 },
  );

/** @param named the name of a service in this variant */
function servicesOf(
  named: (name: string) => string,
  plain: restate.ServiceOptions,
  stateful: { enableLazyState?: boolean },
) {
  const options = { ...plain, ...stateful };

  const testObject = object({
    name: named("testObject"),
    options,
    handlers: {
      add: async (ctx: restate.ObjectContext, amount: number) => {
        const sum = ((await ctx.get<number>("sum")) ?? 0) + amount;
        ctx.set("sum", sum);
        return sum;
      },
      fill: async (ctx: restate.ObjectContext) => {
        ctx.set("b", "x");
        ctx.set("a", { list: [1, null, "é"] });
        ctx.set("empty", "");
        return await ctx.stateKeys();
      },
      clear: async (ctx: restate.ObjectContext, name: string) => {
        ctx.clear(name);
        return [await ctx.get(name), await ctx.stateKeys()];
      },
      clearAll: async (ctx: restate.ObjectContext) => {
        ctx.clearAll();
        return await ctx.stateKeys();
      },
      read: handlers.object.shared(async (ctx: restate.ObjectSharedContext) => {
        const all: Record<string, unknown> = {};
        for (const name of await ctx.stateKeys()) all[name] = await ctx.get(name);
        return all;
      }),
      /** reads what is not there, and what it has just written */
      peek: async (ctx: restate.ObjectContext) => {
        const before = [await ctx.get("b"), await ctx.get("none"), await ctx.stateKeys()];
        ctx.set("b", 1);
        ctx.clear("a");
        return [...before, await ctx.get("b"), await ctx.get("a"), await ctx.stateKeys()];
      },
      /** holds its object for a while */
      hold: async (ctx: restate.ObjectContext, milliseconds: number) => {
        ctx.set("held", true);
        await ctx.sleep(milliseconds);
        ctx.set("held", false);
        return "held";
      },
      /** waits for an awakeable whose id it leaves in its state */
      wait: async (ctx: restate.ObjectContext) => {
        const { id, promise } = ctx.awakeable<unknown>();
        ctx.set("awakeable", id);
        try {
          return { value: await promise };
        } catch (error) {
          return errorAsValue(error);
        }
      },
      /** the same, with a compensation when it fails */
      waitOrUndo: async (ctx: restate.ObjectContext) => {
        const { id, promise } = ctx.awakeable<unknown>();
        ctx.set("awakeable", id);
        try {
          return await promise;
        } catch (error) {
          await ctx.run("undo", () => callExternal("undone", ctx.key));
          ctx.set("undone", true);
          throw error;
        }
      },
      /** a compensation of several steps, which a second cancellation interrupts */
      undoInSteps: async (ctx: restate.ObjectContext) => {
        const { id, promise } = ctx.awakeable<unknown>();
        ctx.set("awakeable", id);
        try {
          return { value: await promise };
        } catch (error) {
          try {
            await ctx.run("release", () => callExternal(`${ctx.key}/released`, 1));
            await ctx.sleep(5);
            await ctx.objectClient(testObject, `${ctx.key}/other`).add(-1);
            ctx.set("undone", true);
          } catch (again) {
            await ctx.run("report", () => callExternal(`${ctx.key}/reported`, 1));
            ctx.set("undone", "in part");
            throw again;
          }
          throw error;
        }
      },
      /** waits for a signal by name, and leaves its own id in its state */
      listen: async (ctx: restate.ObjectContext) => {
        ctx.set("id", ctx.request().id);
        try {
          return { value: await ctx.signal<string>("bell") };
        } catch (error) {
          return errorAsValue(error);
        }
      },
      effects: async (ctx: restate.ObjectContext, name: string) => {
        const first = await ctx.run("first", () => callExternal(`${name}/1`, 1));
        ctx.set("first", first);
        await ctx.sleep(5);
        const second = await ctx.run("second", () => callExternal(`${name}/2`, 2));
        return [first, second];
      },
    },
  });

  const testService = service({
    name: named("testService"),
    options: plain,
    handlers: {
      echo: async (_: restate.Context, value: unknown) => value ?? null,
      nothing: async () => {},
      bytes: handlers.handler(
        { input: restate.serde.binary, output: restate.serde.binary },
        async (_: restate.Context, value: Uint8Array) => value,
      ),
      headers: async (ctx: restate.Context) =>
        Object.fromEntries([...ctx.request().headers].filter(([name]) => name.startsWith("x-my")).sort()),
      fail: async (_: restate.Context, code: number) => {
        throw new TerminalError("told to fail", { errorCode: code, metadata: { why: "test" } });
      },
      failPlain: async () => {
        throw new TerminalError("plain");
      },
      failInRun: async (ctx: restate.Context) => {
        await ctx.run("fails", () => {
          throw new TerminalError("in run", { errorCode: 418 });
        });
      },
      runs: async (ctx: restate.Context) => {
        const one = await ctx.run("one", () => 1);
        const object = await ctx.run(async () => ({ x: "y" }));
        const nothing = await ctx.run("void", () => {});
        return [one, object, nothing ?? null];
      },
      parallelRuns: async (ctx: restate.Context, names: string[]) =>
        RestatePromise.all(names.map((name) => ctx.run(name, () => callExternal(name, "parallel")))),
      flaky: async (ctx: restate.Context) => {
        try {
          await ctx.run(
            "flaky",
            () => {
              throw new Error("again");
            },
            { maxRetryAttempts: 3, initialRetryInterval: 5, retryIntervalFactor: 1 },
          );
          return "?";
        } catch (error) {
          return errorAsValue(error);
        }
      },
      retryLater: async (ctx: restate.Context) => {
        try {
          await failTwice(ctx, "later", 5);
          return "?";
        } catch (error) {
          return errorAsValue(error);
        }
      },
      /** its first attempt fails, and the next one comes after a while */
      backOff: async (ctx: restate.Context, name: string) => {
        await ctx.run("before", () => callExternal(`${name}/before`, 1));
        try {
          await failTwice(ctx, "fails", 60);
        } catch (error) {
          await ctx.run("after", () => callExternal(`${name}/after`, 1));
          return errorAsValue(error);
        }
        return "?";
      },
      random: async (ctx: restate.Context) => {
        const before = [ctx.rand.uuidv4(), ctx.rand.random()];
        await ctx.sleep(1);
        return [typeof before[0], typeof before[1], typeof (await ctx.date.now())];
      },
      addAll: async (ctx: restate.Context, keys: string[]) =>
        RestatePromise.all(keys.map((key) => ctx.objectClient(testObject, key).add(1))),
      settleAll: async (ctx: restate.Context): Promise<unknown> => {
        const settled = await RestatePromise.allSettled([
          ctx.serviceClient(testService).echo(1, rpc.opts({ headers: onBehalf(ctx) })),
          ctx.serviceClient(testService).fail(409, rpc.opts({ headers: onBehalf(ctx) })),
        ]);
        return settled.map((one) => (one.status === "fulfilled" ? one.value : errorAsValue(one.reason)));
      },
      race: async (ctx: restate.Context) =>
        RestatePromise.race([ctx.sleep(10_000).map(() => "slow"), ctx.run("fast", () => "fast")]),
      timeOut: async (ctx: restate.Context) => {
        try {
          return await ctx.awakeable<string>().promise.orTimeout(30);
        } catch (error) {
          return errorAsValue(error);
        }
      },
      callAndSend: async (ctx: restate.Context, { key, amount }: { key: string; amount: number }) => {
        const sum = await ctx.objectClient(testObject, key).add(amount);
        ctx.objectSendClient(testObject, key).add(100);
        ctx.objectSendClient(testObject, key).add(1000, rpc.sendOpts({ delay: 20 }));
        return sum;
      },
      generic: async (ctx: restate.Context, key: string) => {
        const bytes = await ctx.genericCall({
          service: named("testObject"),
          method: "add",
          key,
          parameter: new TextEncoder().encode("3"),
          headers: { "x-my-header": "generic" },
        });
        return new TextDecoder().decode(bytes);
      },
      callHeaders: async (ctx: restate.Context): Promise<unknown> =>
        ctx.serviceClient(testService).headers(rpc.opts({ headers: { ...onBehalf(ctx), "x-my-header": "call" } })),
      catchFail: async (ctx: restate.Context): Promise<unknown> => {
        try {
          return await ctx.serviceClient(testService).fail(451, rpc.opts({ headers: onBehalf(ctx) }));
        } catch (error) {
          return errorAsValue(error);
        }
      },
      addOnce: async (ctx: restate.Context, { key, once }: { key: string; once: string }) => {
        const add = (amount: number) =>
          ctx.objectClient(testObject, key).add(amount, rpc.opts({ idempotencyKey: once }));
        return [await add(1), await add(10)];
      },
      sendAndAttach: async (ctx: restate.Context, key: string) => {
        const handle = ctx.objectSendClient(testObject, key).add(5);
        const id = await handle.invocationId;
        return await ctx.attach<number>(id as never);
      },
      attachUnknown: async (ctx: restate.Context, id: string) => {
        try {
          return await ctx.attach<number>(id as never);
        } catch (error) {
          return errorAsValue(error);
        }
      },
      cancelUnknown: async (ctx: restate.Context, id: string) => {
        ctx.cancel(id as never);
      },
      cancelChild: async (ctx: restate.Context, key: string) => {
        const call = ctx.objectClient(testObject, key).wait();
        const id = await call.invocationId;
        await ctx.sleep(20);
        ctx.cancel(id);
        return await call;
      },
      waitForChild: async (ctx: restate.Context, key: string) => {
        try {
          return await ctx.objectClient(testObject, key).waitOrUndo();
        } catch (error) {
          return errorAsValue(error);
        }
      },
      /** cancelled again while it compensates */
      undoSlowly: async (ctx: restate.Context, key: string) => {
        ctx.objectSendClient(testObject, key).add(1);
        const caught: unknown[] = [];
        for (let i = 0; i < 2; i++) {
          try {
            await ctx.sleep(60_000);
          } catch (error) {
            caught.push(errorAsValue(error));
            ctx.objectSendClient(testObject, key).add(10);
          }
        }
        return caught;
      },
      resolveFor: async (ctx: restate.Context, { id, value }: { id: string; value: unknown }) => {
        ctx.resolveAwakeable(id, value);
      },
      rejectFor: async (ctx: restate.Context, { id, reason }: { id: string; reason: string }) => {
        ctx.rejectAwakeable(id, reason);
      },
      ring: async (ctx: restate.Context, { id, value }: { id: string; value: string }) => {
        ctx
          .invocation(id as never)
          .signal<string>("bell")
          .resolve(value);
      },
      unring: async (ctx: restate.Context, { id, reason }: { id: string; reason: string }) => {
        ctx
          .invocation(id as never)
          .signal<string>("bell")
          .reject(reason);
      },
      useWorkflow: async (ctx: restate.Context, key: string) => {
        await ctx.workflowClient(testWorkflow, key).approve("yes");
        return await ctx.workflowClient(testWorkflow, key).look();
      },
      runWorkflow: async (ctx: restate.Context, key: string) => {
        ctx.workflowSendClient(testWorkflow, key).run("once");
        await ctx.workflowClient(testWorkflow, key).approve("go");
        try {
          return await ctx.workflowClient(testWorkflow, key).run("twice");
        } catch (error) {
          return errorAsValue(error);
        }
      },
      /** listens for its cancellation itself, instead of being interrupted */
      explicit: handlers.handler({ explicitCancellation: true }, async (ctx: restate.Context, key: string) => {
        const { cancellation, cancelPreviousCalls } = ctx as restate.internal.ContextInternal;
        const call = ctx.objectClient(testObject, key).wait();
        const first = await RestatePromise.race([
          call.map(() => "answered"),
          cancellation.call(ctx).map(() => "cancelled"),
        ]);
        const cancelled = await cancelPreviousCalls.call(ctx);
        return [first, cancelled.length, await call];
      }),
      /** sends, and ends in an error: what was sent stands */
      sendAndFail: async (ctx: restate.Context, key: string) => {
        ctx.objectSendClient(testObject, key).add(3);
        await ctx.sleep(1);
        throw new TerminalError("after all");
      },
      /** several awaits at once, in the order in which they come true */
      interleave: async (ctx: restate.Context, key: string) => {
        const order: string[] = [];
        const note = (name: string) => () => {
          order.push(name);
        };
        await RestatePromise.all([
          ctx.sleep(500).map(note("slow")),
          ctx.objectClient(testObject, key).add(1).map(note("call")),
          ctx.run("step", () => callExternal(`${key}/step`, 1)).map(note("step")),
        ]);
        return order.sort();
      },
      /** a closure that blocks until the external system answers */
      effect: async (ctx: restate.Context, name: string) => ctx.run("effect", () => callExternal(name, 1)),
    },
  });

  const testWorkflow = workflow({
    name: named("testWorkflow"),
    options,
    handlers: {
      run: async (ctx: restate.WorkflowContext, input: string) => {
        ctx.set("seen", input);
        return `${input}:${await ctx.promise<string>("go")}`;
      },
      approve: handlers.workflow.shared(async (ctx: restate.WorkflowSharedContext, value: string) => {
        try {
          await ctx.promise<string>("go").resolve(value);
          return "ok";
        } catch (error) {
          return errorAsValue(error);
        }
      }),
      deny: handlers.workflow.shared(async (ctx: restate.WorkflowSharedContext, message: string) => {
        await ctx.promise<string>("go").reject(message);
      }),
      look: handlers.workflow.shared(async (ctx: restate.WorkflowSharedContext) => [
        (await ctx.promise<string>("go").peek()) ?? null,
        await ctx.get("seen"),
      ]),
      follow: handlers.workflow.shared(async (ctx: restate.WorkflowSharedContext) => ctx.promise<string>("go")),
    },
  });

  return [testObject, testService, testWorkflow];
}

const services = [
  ...servicesOf((name) => name, {}, {}),
  // every await suspends, as in request/response mode
  ...servicesOf((name) => `${name}Suspending`, { inactivityTimeout: 0 }, {}),
  // state is read on demand
  ...servicesOf((name) => `${name}Lazy`, {}, { enableLazyState: true }),
  ...programServices("", {}, {}),
  ...programServices("Suspending", { inactivityTimeout: 0 }, {}),
  ...programServices("Lazy", {}, { enableLazyState: true }),
];

/** A front HTTP app: it calls Restate, and says so. */
async function app(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const answer = await fetch(`${process.env.INGRESS_URL}/testService/echo`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ asked: pathname, body: await request.text() }),
  });
  return Response.json({ status: answer.status, answer: await answer.json() }, { status: 201 });
}

export const catalog = {
  conformance: { services, app, external: ["external"] },
};
