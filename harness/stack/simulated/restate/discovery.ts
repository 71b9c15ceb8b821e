import type { JsonSchema } from "../../stack.ts";
import type { Services } from "../processes/program.ts";

/** What Restate knows of a handler, from its registration. */
export interface Handler {
  service: string;
  name: string;
  kind: Kind;
  /** content type that the ingress asks of a body; nothing: any */
  accepts: string | undefined;
  /** content type of an answer that is not empty */
  answers: string | undefined;
  /** state is read on demand instead of being sent along */
  lazyState: boolean;
  /** milliseconds */
  inactivityTimeout: number;
  abortTimeout: number;
  isPublic: boolean;
  /** JSON schema of the input */
  inputSchema: JsonSchema | undefined;
}

/**
 * - `service`: no key, no order
 * - `exclusive`: one at a time for each key
 * - `shared`: beside the exclusive one
 * - `workflow`: the `run` of a workflow, once for each key
 * docs.restate.dev/foundations/services
 */
export type Kind = "service" | "exclusive" | "shared" | "workflow";

/** docs.restate.dev/services/configuration: the defaults of the server */
const MINUTE = 60_000;
const DEFAULTS = { inactivityTimeout: MINUTE, abortTimeout: 10 * MINUTE };

interface Manifest {
  services: ({ name: string; ty: string; handlers: ManifestHandler[]; ingressPrivate?: boolean } & ManifestOptions)[];
}
interface ManifestOptions {
  enableLazyState?: boolean;
  inactivityTimeout?: number;
  abortTimeout?: number;
}
interface ManifestHandler extends ManifestOptions {
  name: string;
  ty?: "EXCLUSIVE" | "SHARED" | "WORKFLOW";
  ingressPrivate?: boolean;
  input?: { contentType?: string; jsonSchema?: JsonSchema };
  output?: { contentType?: string };
}

/** The handlers of a deployment, by "service/handler". */
export class Handlers {
  readonly #handlers = new Map<string, Handler>();
  readonly services = new Set<string>();

  constructor(manifest: Manifest) {
    for (const service of manifest.services) {
      this.services.add(service.name);
      for (const handler of service.handlers) {
        this.#handlers.set(`${service.name}/${handler.name}`, {
          service: service.name,
          name: handler.name,
          kind: service.ty === "SERVICE" ? "service" : kindOf(service.ty, handler.ty),
          accepts: handler.input?.contentType,
          inputSchema: handler.input?.jsonSchema,
          answers: handler.output?.contentType,
          lazyState: handler.enableLazyState ?? service.enableLazyState ?? false,
          inactivityTimeout: handler.inactivityTimeout ?? service.inactivityTimeout ?? DEFAULTS.inactivityTimeout,
          abortTimeout: handler.abortTimeout ?? service.abortTimeout ?? DEFAULTS.abortTimeout,
          isPublic: !(handler.ingressPrivate ?? service.ingressPrivate ?? false),
        });
      }
    }
  }

  /** Those that clients may call. */
  get open(): Handler[] {
    return [...this.#handlers.values()].filter(({ isPublic }) => isPublic);
  }
  find(service: string, handler: string): Handler | undefined {
    return this.#handlers.get(`${service}/${handler}`);
  }
  isKeyed(service: string): boolean {
    for (const handler of this.#handlers.values()) if (handler.service === service) return handler.kind !== "service";
    return false;
  }
}

function kindOf(service: string, handler: ManifestHandler["ty"]): Kind {
  if (handler) return handler.toLowerCase() as Kind;
  return service === "WORKFLOW" ? "shared" : "exclusive";
}

/**
 * What Restate does when a deployment is registered: `GET /discover`. To be called on the process.
 * @returns the handlers, once the process has come to rest
 */
export function discover(services: Services): () => Handlers {
  const chunks: Uint8Array[] = [];
  const request = {
    url: "/discover",
    httpVersionMajor: 2,
    headers: { accept: "application/vnd.restate.endpointmanifest.v3+json" },
    once() {},
    [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }),
  };
  let status = 0;
  const response = {
    writeHead: (code: number) => {
      status = code;
    },
    once() {},
    write: (chunk: Uint8Array, done: () => void) => {
      chunks.push(chunk);
      queueMicrotask(done);
    },
    end: (done: () => void) => queueMicrotask(done),
  };
  services.handle(request, response);
  return () => {
    const text = Buffer.concat(chunks).toString();
    if (status !== 200) throw new Error(`the services cannot be registered (${status}): ${text}`);
    return new Handlers(JSON.parse(text) as Manifest);
  };
}
