import type { Moment } from "./plan.ts";

/** One text for each moment: equal moments, and only those, have equal names. */
export function momentName(moment: Moment): string {
  switch (moment.at) {
    case "operation":
      return `${moment.when} ${moment.operation} ${moment.point}`;
    case "effect":
      return `${moment.when} ${moment.operation} effect ${moment.call}`;
    case "webhook":
      return `${moment.when} ${moment.operation} webhook ${moment.number}`;
    case "message": {
      const invocation = moment.child ? `${moment.operation}/${moment.child}` : moment.operation;
      return `${moment.when} ${invocation} attempt ${moment.attempt} ${moment.direction} ${moment.message}`;
    }
  }
}
