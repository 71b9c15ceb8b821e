import type { PropertyVerdict } from "../record/index.ts";

/** Whether a property stopped before its time: then what it had not come to yet says nothing. */
export const endedEarly = (verdict: PropertyVerdict): boolean => verdict === "failed" || verdict === "interrupted";
