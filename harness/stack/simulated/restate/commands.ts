import {
  type Content,
  decode,
  type Frame,
  type MessageName,
  MessageType,
  messageName,
} from "../../../protocol/index.ts";
import { flawOfInvocationId, invocationId, parseAwakeableId } from "./ids.ts";
import { asNotification, failure, type Invocation, type Result, type Waiter } from "./invocation.ts";
import type { Promises } from "./promises.ts";
import type { State } from "./state.ts";
import type { Submission, Surface } from "./submission.ts";

/** The state machine of the server, as far as commands act on it. */
export interface CommandTarget {
  readonly surface: Surface;
  readonly state: State;
  readonly promises: Promises;
  find(id: string): Invocation | undefined;
  /** A request leaves for another invocation. */
  send(from: Invocation, label: string, id: string, submission: Submission): void;
  attach(id: string, from: { place: string; name: string }, waiter: Waiter): void;
  cancel(id: string): void;
  /** Stores a notification in the journal of an invocation, and tells its attempt. */
  notify(id: string, type: number, content: Partial<Content["Signal"]>): void;
  /** Notifies an invocation of the completion of its own command. */
  completeCommand(by: Invocation, type: number, completionId: number, content: Partial<Content["Signal"]>): void;
}

/**
 * What each command of the service protocol does, once it is in the journal. Which operation of the SDK sends which
 * command is told by its name; what they mean is documented at docs.restate.dev/develop/ts.
 */
type Effects = { [N in MessageName]?: (processor: CommandTarget, by: Invocation, command: Content[N]) => void };

const effects: Effects = {
  /** the handler returned, or threw a terminal error: the result, when the code then ends */
  Output: (_, by, { value, failure }) => {
    by.output = failure ? { failure } : { value: value?.content ?? new Uint8Array(0) };
  },

  // --- state: docs.restate.dev/develop/ts/state ---

  SetState: ({ state }, by, { key, value }) => state.set(by.object!, text(key), value?.content ?? new Uint8Array(0)),
  ClearState: ({ state }, by, { key }) => state.clear(by.object!, text(key)),
  ClearAllState: ({ state }, by) => state.clearAll(by.object!),
  /** answered from the state that was sent along: nothing is left to do */
  GetEagerState: () => {},
  GetEagerStateKeys: () => {},
  GetLazyState: (processor, by, { key, result_completion_id }) => {
    const value = processor.state.get(by.object!, text(key));
    const content = value ? { value: { content: value } } : { void: {} };
    processor.completeCommand(by, MessageType.GetLazyStateCompletion, result_completion_id, content);
  },
  GetLazyStateKeys: (processor, by, { result_completion_id }) => {
    const keys = processor.state.entries(by.object!).map(([name]) => Buffer.from(name));
    const content = { state_keys: { keys } };
    processor.completeCommand(by, MessageType.GetLazyStateKeysCompletion, result_completion_id, content);
  },

  // --- steps and timers: docs.restate.dev/develop/ts/durable-steps, durable-timers ---

  /** the closure runs in the process; what comes of it is proposed by another message */
  Run: () => {},
  Sleep: (processor, by, { wake_up_time, result_completion_id }) => {
    const { timers, epoch } = processor.surface;
    timers.set(wake_up_time - epoch, by.name, `${by.name} wakes up`, () =>
      processor.completeCommand(by, MessageType.SleepCompletion, result_completion_id, { void: {} }),
    );
  },

  // --- calls: docs.restate.dev/develop/ts/service-communication ---

  Call: (processor, by, command) => {
    const { result_completion_id } = command;
    const waiter = {
      kind: "invocation",
      invocation: by.id.text,
      type: MessageType.CallCompletion,
      completionId: result_completion_id,
    } as const;
    call(processor, by, { ...command, invoke_time: 0 }, "calls", waiter);
  },
  OneWayCall: (processor, by, command) => call(processor, by, command, "sends to"),
  AttachInvocation: (processor, by, command) => {
    const { outbox } = processor.surface;
    const target = targetOf(command, by);
    const type = MessageType.AttachInvocationCompletion;
    const waiter = {
      kind: "invocation",
      invocation: by.id.text,
      type,
      completionId: command.result_completion_id,
    } as const;
    outbox.send(by.place, `${by.name}/${by.commands} attaches to ${target}`, () =>
      processor.attach(target, { place: by.place, name: target }, waiter),
    );
  },
  GetInvocationOutput: (processor, by, command) => {
    const { outbox } = processor.surface;
    const target = targetOf(command, by);
    outbox.send(by.place, `${by.name}/${by.commands} asks for the output of ${target}`, () => {
      const known = processor.find(target);
      const content =
        known && !known.result ? { void: {} } : asNotification(known?.result ?? failure(404, "not found"));
      processor.completeCommand(by, MessageType.GetInvocationOutputCompletion, command.result_completion_id, content);
    });
  },

  // --- awakeables, signals, cancellation: docs.restate.dev/develop/ts/external-events ---

  CompleteAwakeable: (processor, by, { awakeable_id, value, failure }) => {
    const awakeable = parseAwakeableId(awakeable_id);
    if (typeof awakeable === "string") return;
    const result = failure ? { failure } : { value: value?.content ?? new Uint8Array(0) };
    processor.surface.outbox.send(by.place, `${by.name}/${by.commands} completes an awakeable`, () =>
      completeAwakeable(processor, awakeable, result),
    );
  },
  SendSignal: (processor, by, { target_invocation_id, idx, name, value, failure }) => {
    const what = idx === 1 ? "cancels" : `signals ${name ?? idx} to`;
    const target = processor.find(target_invocation_id)?.name ?? target_invocation_id;
    processor.surface.outbox.send(by.place, `${by.name}/${by.commands} ${what} ${target}`, () => {
      if (idx === 1) return processor.cancel(target_invocation_id);
      const signal = name !== undefined ? { signal_name: name } : { signal_id: idx ?? 0 };
      const content = failure ? { failure } : value ? { value } : { void: {} };
      processor.notify(target_invocation_id, MessageType.Signal, { ...signal, ...content });
    });
  },

  // --- promises of a workflow: docs.restate.dev/develop/ts/external-events ---

  GetPromise: (processor, by, { key, result_completion_id: completionId }) => {
    const result = processor.promises.get(by.object!, key, { invocation: by.id.text, completionId });
    if (result) processor.completeCommand(by, MessageType.GetPromiseCompletion, completionId, asNotification(result));
  },
  PeekPromise: (processor, by, { key, result_completion_id }) => {
    const result = processor.promises.peek(by.object!, key);
    const content = result ? asNotification(result) : { void: {} };
    processor.completeCommand(by, MessageType.PeekPromiseCompletion, result_completion_id, content);
  },
  CompletePromise: (processor, by, { key, completion_value, completion_failure, result_completion_id }) => {
    const result = completion_failure
      ? { failure: completion_failure }
      : { value: completion_value?.content ?? new Uint8Array(0) };
    const listeners = processor.promises.complete(by.object!, key, result);
    for (const { invocation, completionId } of listeners ?? [])
      processor.notify(invocation, MessageType.GetPromiseCompletion, {
        completion_id: completionId,
        ...asNotification(result),
      });
    const content = listeners ? { void: {} } : failure(409, "promise was already completed");
    processor.completeCommand(by, MessageType.CompletePromiseCompletion, result_completion_id, content);
  },
};

/** @throws an error that names a command that the model does not know */
export function applyCommand(processor: CommandTarget, by: Invocation, frame: Frame): void {
  const effect = effects[messageName(frame.type) as MessageName] as
    | ((processor: CommandTarget, by: Invocation, command: object) => void)
    | undefined;
  if (!effect) throw unknownMessage(frame.type, processor.surface.sdkVersion);
  effect(processor, by, decode(frame.type, frame.body));
}

export const unknownMessage = (type: number, sdkVersion: string): Error =>
  new Error(
    `the model of Restate does not know the message ${messageName(type)}, which the SDK ${sdkVersion} sent; ` +
      "run on the native stack, or teach it to harness/stack/simulated/restate/commands.ts",
  );

/** A command that names what is no id fails its attempt, and the next one, until the invocation is killed. */
export function flawOfIds({ type, body }: Frame): string | undefined {
  switch (type) {
    case MessageType.CompleteAwakeable: {
      const awakeable = parseAwakeableId(decode(type, body).awakeable_id);
      return typeof awakeable === "string" ? `500 cannot decode entry: awakeable id: ${awakeable}` : undefined;
    }
    case MessageType.SendSignal: {
      const flaw = flawOfInvocationId(decode(type, body).target_invocation_id);
      return flaw && `500 cannot decode entry: target_invocation_id: ${flaw}`;
    }
    case MessageType.AttachInvocation:
    case MessageType.GetInvocationOutput: {
      const { invocation_id: id } = decode(type, body);
      const flaw = id === undefined ? undefined : flawOfInvocationId(id);
      return flaw && `500 cannot process command: invalid invocation id ${id}: ${flaw}`;
    }
    default:
      return undefined;
  }
}

/** An awakeable is completed by whoever comes first: the SDK takes the first signal of its number. */
export function completeAwakeable(
  processor: CommandTarget,
  { invocation, signal }: { invocation: string; signal: number },
  result: Result,
): void {
  processor.notify(invocation, MessageType.Signal, { signal_id: signal, ...asNotification(result) });
}

/** A call or a send: the invocation's id is known at once, the request itself travels. */
function call(
  processor: CommandTarget,
  by: Invocation,
  command: Content["OneWayCall"],
  verb: string,
  waiter?: NonNullable<Submission["waiter"]>,
): void {
  const { service_name: service, handler_name, idempotency_key, invoke_time: due } = command;
  const handler = processor.surface.handlers.find(service, handler_name)!;
  const key = handler.kind === "service" ? undefined : command.key;
  const name = `${by.name}/${by.commands}`;
  const isRun = handler.kind === "workflow";
  const idempotencyKey = isRun ? undefined : idempotency_key;
  const { text: id } = invocationId({ name, service, handler: handler_name, key, idempotencyKey, isRun });
  by.children.push(id);
  const body = command.parameter;
  const submission = { name, handler, key, body, headers: command.headers, idempotencyKey, due, waiter };
  const target = [service, ...(key === undefined ? [] : [key]), handler_name].join("/");
  processor.send(by, `${name}: ${by.name} ${verb} ${target}`, id, submission);
  const { invocation_id_notification_idx: completionId } = command;
  processor.completeCommand(by, MessageType.CallInvocationId, completionId, { invocation_id: id });
}

function targetOf(command: Content["AttachInvocation"], by: Invocation): string {
  const { invocation_id, workflow_target: workflow, idempotent_request_target: request } = command;
  if (invocation_id !== undefined) return invocation_id;
  const name = by.name;
  if (workflow) {
    const parts = { service: workflow.workflow_name, handler: "run", key: workflow.workflow_key, isRun: true, name };
    return invocationId(parts).text;
  }
  const { service_name = "", handler_name = "", service_key, idempotency_key } = request ?? {};
  const parts = {
    service: service_name,
    handler: handler_name,
    key: service_key,
    idempotencyKey: idempotency_key,
    name,
  };
  return invocationId(parts).text;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
