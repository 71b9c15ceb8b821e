import * as clients from "@restatedev/restate-sdk-clients";
import { ingressUrl } from "../shared/configuration.ts";
import { answerOf } from "../shared/ingress.ts";
import { spell } from "../shared/spelling.ts";
import type { Task, TaskResult } from "./task.ts";
import type { asyncTaskWorker } from "./worker.ts";

/**
 * Hands tasks to the worker and gets their results, from any process: a task is known by its id alone. Every call can be
 * repeated as often as needed. Both methods reject with a `TerminalError` where the task, or the request, was refused, and
 * with a `NoAnswer` when Restate does not answer.
 */
export class TaskQueue {
  /** A task may take long, longer than a connection is left without an answer: that counts as one failure, of few. */
  readonly #patient = clients.connect({ url: ingressUrl(), retry: { maxDuration: false } });
  readonly #ingress = clients.connect({ url: ingressUrl(), retry: true });

  /**
   * Settles once Restate has the task: from then on it will run, and nobody need wait for it.
   * The first submission of an id decides what is done and when; later ones find the same invocation.
   */
  async submit(task: Task, delayMs = 0): Promise<{ invocationId: string }> {
    const { invocationId } = await answerOf(
      this.#ingress
        .serviceSendClient<typeof asyncTaskWorker>({ name: "asyncTaskWorker" })
        .runTask(task, clients.rpc.sendOpts({ idempotencyKey: spell(task.id), delay: delayMs })),
    );
    return { invocationId };
  }

  /** Waits for the result of a task that was submitted, by this process or another. */
  result(id: string): Promise<TaskResult> {
    // an invocation can be named by its target and idempotency key, which Restate takes as it stands in the path
    const invocationId = `asyncTaskWorker/runTask/${spell(id)}`;
    return answerOf(this.#patient.result<TaskResult>({ invocationId, status: "PreviouslyAccepted", attachable: true }));
  }
}
