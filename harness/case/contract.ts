import type { Failure } from "../history/index.ts";
import type { Json, Operation, Request } from "../plan/index.ts";
import type { KindDefinition, Property, RequestContext } from "../property/index.ts";
import type { Completion, Wish } from "./client.ts";
import { type Tag, taggedJson, untaggedJson } from "./tag.ts";

/** How another implementation of a pattern differs from the contract, where it does. */
export interface Adapter {
  /** the request that an operation makes of it; undefined: the contract's */
  request(kind: string, args: Json, route: string | undefined): Request | undefined;
  /** an answer or a failure in the contract's words; undefined: it is one already */
  result(kind: string, answer: Answer): Answer | undefined;
}
export type Answer = { value: Json } | { error: Failure };

/** Translates between the words of a pattern and the wire: what an operation asks for, and what its answer means. */
export class Contract {
  readonly #property: Property;
  readonly #adapter: Adapter | undefined;
  readonly #tag: Tag;

  constructor(property: Property, adapter: Adapter | undefined, tag: Tag) {
    this.#property = property;
    this.#adapter = adapter;
    this.#tag = tag;
  }

  /**
   * What a client asks for, with the ids of the case.
   * @param invocation the one that an operation about another means
   * @param context of the moment in which it asks
   */
  wish(operation: Operation, invocation: string | undefined, context: RequestContext): Wish | undefined {
    const { kind, args, route } = operation;
    const definition = this.#property.kinds.get(kind);
    if (definition) {
      const request = this.#request(definition, kind, taggedJson(args, this.#tag), route, context);
      const app = "front" in request ? (request.app ?? this.#property.pattern) : this.#property.pattern;
      return { request, app };
    }
    if (kind !== "attach" && kind !== "cancel" && kind !== "terminate")
      throw new Error(`property "${this.#property.name}" has no kind of operation "${kind}"`);
    return invocation === undefined ? undefined : { kind, invocation };
  }

  /** The request as a history shows it. */
  shown(wish: Wish | undefined): Request | undefined {
    return wish && "request" in wish ? untaggedJson(wish.request, this.#tag) : undefined;
  }

  /** Operations with the same identity are one request. */
  identity({ kind, args, route }: Operation): string | undefined {
    return this.#property.kinds.get(kind)?.identity(args, route);
  }

  /** Whether one that was cancelled, and fails, has done nothing. */
  isUndoneByCancel({ kind }: Operation): boolean {
    return this.#property.kinds.get(kind)?.undoneByCancel === true;
  }

  /** Whether its answer is only that it was accepted: how its invocation ends is not its own end. */
  isOneWay(operation: Operation, request: Request | undefined): boolean {
    return this.#property.kinds.get(operation.kind)?.isOneWay({ request }) === true;
  }

  /** A completion in the contract's words. @param about the operation whose invocation ended so */
  translated(completion: Completion, about: Operation | undefined): Completion {
    if (completion.type === "info" || !about) return completion;
    const definition = this.#property.kinds.get(about.kind);
    const told = answerOf(completion);
    const answer = this.#adapter?.result(about.kind, told) ?? told;
    const meant = "error" in answer ? definition?.answerOf(answer.error) : undefined;
    const { invocation } = completion;
    const whose = invocation === undefined ? {} : { invocation };
    if (meant !== undefined) return { type: "ok", value: meant, ...whose };
    return "value" in answer ? { type: "ok", ...answer, ...whose } : { type: "fail", ...answer.error, ...whose };
  }

  #request(
    definition: KindDefinition,
    kind: string,
    args: Json,
    route: string | undefined,
    context: RequestContext,
  ): Request {
    return this.#adapter?.request(kind, args, route) ?? definition.request(args, route, context);
  }
}

/** What a definite completion tells. */
function answerOf(completion: Exclude<Completion, { type: "info" }>): Answer {
  return completion.type === "ok"
    ? { value: completion.value }
    : { error: { code: completion.code, message: completion.message } };
}
