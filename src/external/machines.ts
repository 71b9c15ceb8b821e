import { z } from "zod";
import { change, type Tag } from "./http.ts";

/** A transition of a machine. A machine refuses what is said about one when it has heard of a later one. */
interface Transition {
  machine: string;
  /** grows with every transition of the machine */
  transition: number;
  to: "UP" | "DOWN";
}
const Machine = z.object({ id: z.string() });

export const machines = {
  begin: (transition: Transition, tag: Tag) => change("machines", "begin", { ...transition }, tag, Machine),
  done: (transition: Transition, tag: Tag) => change("machines", "done", { ...transition }, tag, Machine),
};
