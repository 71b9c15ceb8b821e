import type { Checker } from "../../check/index.ts";
import { violation } from "../violation.ts";

/** No service process ends by its own doing: one that exits, or lets an error go uncaught, takes all its neighbours along. */
export const servicesStayUp: Checker = ({ events }) => {
  const index = events.findIndex(({ type }) => type === "death");
  const death = events[index];
  if (death?.type !== "death") return { verdict: "valid" };
  const { how, place, output } = death;
  return {
    verdict: "invalid",
    evidence: violation(
      `The service process ended: ${how}${place === undefined ? "" : ` (at ${place})`}.`,
      { expected: "it serves until it is killed", seen: output === undefined || output === "" ? how : output },
      index,
    ),
  };
};
