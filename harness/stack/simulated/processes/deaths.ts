import type { ProcessDeath } from "../../stack.ts";

/**
 * A service process ended, and nobody but the services is to blame: an error of the subject, not of the run. As the error
 * of a run it says that the run cannot go on.
 */
export class SubjectDied extends Error implements ProcessDeath {
  override name = "SubjectDied";
  readonly kind: ProcessDeath["kind"];
  readonly handler: string;
  readonly place: string | undefined;

  constructor({ kind, handler, place, message }: ProcessDeath) {
    super(`${handler}: ${message}${place === undefined ? "" : ` (at ${place})`}`);
    this.kind = kind;
    this.handler = handler;
    this.place = place;
  }
}
