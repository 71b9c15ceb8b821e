import { message, optional, repeated, scalar } from "./schema.ts";

/**
 * The messages of the Restate service protocol, version 6, with the names and numbers of its public definition
 * (github.com/restatedev/service-protocol, dev/restate/service/protocol.proto). What version 7 adds to a message is
 * declared where an SDK of today may send it.
 */

const Void = message("Void", {});
const Value = message("Value", { content: scalar(1, "bytes") });
const Header = message("Header", { key: scalar(1, "string"), value: scalar(2, "string") });
const StateKeys = message("StateKeys", { keys: repeated(1, "bytes") });
const FailureMetadata = message("FailureMetadata", { key: scalar(1, "string"), value: scalar(2, "string") });
const Failure = message("Failure", {
  code: scalar(1, "uint32"),
  message: scalar(2, "string"),
  metadata: repeated(3, FailureMetadata),
});
const WorkflowTarget = message("WorkflowTarget", {
  workflow_name: scalar(1, "string"),
  workflow_key: scalar(2, "string"),
});
const IdempotentRequestTarget = message("IdempotentRequestTarget", {
  service_name: scalar(1, "string"),
  service_key: optional(2, "string"),
  handler_name: scalar(3, "string"),
  idempotency_key: scalar(4, "string"),
});
const StateEntry = message("StateEntry", { key: scalar(1, "bytes"), value: scalar(2, "bytes") });

// --- control ---

export const Start = message("StartMessage", {
  id: scalar(1, "bytes"),
  debug_id: scalar(2, "string"),
  /** commands and notifications that follow as the journal */
  known_entries: scalar(3, "uint32"),
  state_map: repeated(4, StateEntry),
  /** the state map is not all there is: other keys are read lazily */
  partial_state: scalar(5, "bool"),
  key: scalar(6, "string"),
  retry_count_since_last_stored_entry: scalar(7, "uint32"),
  duration_since_last_stored_entry: scalar(8, "uint64"),
  random_seed: scalar(9, "uint64"),
});

export const Suspension = message("SuspensionMessage", {
  waiting_completions: repeated(1, "uint32"),
  waiting_signals: repeated(2, "uint32"),
  waiting_named_signals: repeated(3, "string"),
});

export const ErrorMessage = message("ErrorMessage", {
  code: scalar(1, "uint32"),
  message: scalar(2, "string"),
  stacktrace: scalar(3, "string"),
  related_command_index: optional(4, "uint32"),
  related_command_name: optional(5, "string"),
  related_command_type: optional(6, "uint32"),
  /** milliseconds */
  next_retry_delay: optional(8, "uint64"),
});

export const End = message("EndMessage", {});
export const CommandAck = message("CommandAckMessage", { command_index: scalar(1, "uint32") });
export const ProposeRunCompletion = message("ProposeRunCompletionMessage", {
  result_completion_id: scalar(1, "uint32"),
  value: optional(14, "bytes"),
  failure: optional(15, Failure),
});

// --- commands ---

const name = scalar(12, "string");
const completion = scalar(11, "uint32");

export const Input = message("InputCommandMessage", { headers: repeated(1, Header), value: optional(14, Value), name });
export const Output = message("OutputCommandMessage", {
  value: optional(14, Value),
  failure: optional(15, Failure),
  name,
});
export const GetLazyState = message("GetLazyStateCommandMessage", {
  key: scalar(1, "bytes"),
  result_completion_id: completion,
  name,
});
export const SetState = message("SetStateCommandMessage", { key: scalar(1, "bytes"), value: optional(3, Value), name });
export const ClearState = message("ClearStateCommandMessage", { key: scalar(1, "bytes"), name });
export const ClearAllState = message("ClearAllStateCommandMessage", { name });
export const GetLazyStateKeys = message("GetLazyStateKeysCommandMessage", { result_completion_id: completion, name });
export const GetEagerState = message("GetEagerStateCommandMessage", {
  key: scalar(1, "bytes"),
  void: optional(13, Void),
  value: optional(14, Value),
  name,
});
export const GetEagerStateKeys = message("GetEagerStateKeysCommandMessage", { value: optional(14, StateKeys), name });
export const GetPromise = message("GetPromiseCommandMessage", {
  key: scalar(1, "string"),
  result_completion_id: completion,
  name,
});
export const PeekPromise = message("PeekPromiseCommandMessage", {
  key: scalar(1, "string"),
  result_completion_id: completion,
  name,
});
export const CompletePromise = message("CompletePromiseCommandMessage", {
  key: scalar(1, "string"),
  completion_value: optional(2, Value),
  completion_failure: optional(3, Failure),
  result_completion_id: completion,
  name,
});
export const Sleep = message("SleepCommandMessage", {
  /** milliseconds since the epoch */
  wake_up_time: scalar(1, "uint64"),
  result_completion_id: completion,
  name,
});
export const Call = message("CallCommandMessage", {
  service_name: scalar(1, "string"),
  handler_name: scalar(2, "string"),
  parameter: scalar(3, "bytes"),
  headers: repeated(4, Header),
  key: scalar(5, "string"),
  idempotency_key: optional(6, "string"),
  scope: optional(7, "string"),
  limit_key: optional(8, "string"),
  invocation_id_notification_idx: scalar(10, "uint32"),
  result_completion_id: completion,
  name,
});
export const OneWayCall = message("OneWayCallCommandMessage", {
  service_name: scalar(1, "string"),
  handler_name: scalar(2, "string"),
  parameter: scalar(3, "bytes"),
  /** milliseconds since the epoch; 0: now */
  invoke_time: scalar(4, "uint64"),
  headers: repeated(5, Header),
  key: scalar(6, "string"),
  idempotency_key: optional(7, "string"),
  scope: optional(8, "string"),
  limit_key: optional(9, "string"),
  invocation_id_notification_idx: scalar(10, "uint32"),
  name,
});
export const SendSignal = message("SendSignalCommandMessage", {
  target_invocation_id: scalar(1, "string"),
  /** a built-in or unnamed signal; 1 is cancel */
  idx: optional(2, "uint32"),
  name: optional(3, "string"),
  void: optional(4, Void),
  value: optional(5, Value),
  failure: optional(6, Failure),
  entry_name: scalar(12, "string"),
});
export const Run = message("RunCommandMessage", { result_completion_id: completion, name });
const target = {
  invocation_id: optional(1, "string"),
  idempotent_request_target: optional(3, IdempotentRequestTarget),
  workflow_target: optional(4, WorkflowTarget),
};
export const AttachInvocation = message("AttachInvocationCommandMessage", {
  ...target,
  result_completion_id: completion,
  name,
});
export const GetInvocationOutput = message("GetInvocationOutputCommandMessage", {
  ...target,
  result_completion_id: completion,
  name,
});
export const CompleteAwakeable = message("CompleteAwakeableCommandMessage", {
  awakeable_id: scalar(1, "string"),
  value: optional(2, Value),
  failure: optional(3, Failure),
  name,
});

// --- notifications: one shape for all ---

export const Notification = message("NotificationTemplate", {
  completion_id: optional(1, "uint32"),
  signal_id: optional(2, "uint32"),
  signal_name: optional(3, "string"),
  void: optional(4, Void),
  value: optional(5, Value),
  failure: optional(6, Failure),
  invocation_id: optional(16, "string"),
  state_keys: optional(17, StateKeys),
});
