import type { MessagePort } from "node:worker_threads";
import type { ProcessDeath } from "../../stack.ts";

// places in the memory that both threads share

/** changes whenever something enters a simulated process */
export const BEAT = 0;
/** 1 while a simulated process works on what entered it */
export const IS_WORKING = 1;
/** 1 when there is an alarm that the main thread has not heard of */
export const IS_ALARMED = 2;
/** the number of the handler that a simulated process works on, or did last; see `HandlerName` */
export const HANDLER = 3;
/** how many places there are */
export const PLACES = 4;

/** What the watching thread is given. */
export interface WatchdogData {
  /** shared; see the places above */
  beats: Int32Array;
  alarms: MessagePort;
  /** how much the memory may grow while a process works on one thing, in bytes */
  mostGrowth: number;
}

/** What the watching thread tells, at most once for each thing that enters a process. */
export interface Alarm {
  kind: Extract<ProcessDeath["kind"], "hang" | "out-of-memory">;
  /** milliseconds without a sign, or bytes that were taken */
  amount: number;
  /** innermost first */
  frames: Frame[];
}

/** What the watching thread is told when a handler is met for the first time. */
export interface HandlerName {
  id: number;
  name: string;
}

/** A call frame; lines and columns count from 1. */
export interface Frame {
  functionName: string;
  file: string;
  line: number;
  column: number;
}
