import { hash, hashNumber } from "./chance.ts";
import type { Strategy } from "./strategy.ts";
import type { Trace } from "./trace.ts";

interface Message {
  label: string;
  fate: number;
  /** when it is there to be delivered */
  arrives: number;
  deliver: () => void;
}

/**
 * An ordered channel from one party to another: what is sent is delivered in order, some time later. Nothing is ordered
 * between links.
 */
export class Link {
  /** whose progress its messages are; see `Priorities` */
  readonly actor: string;
  /** in order of creation */
  readonly number: number;
  readonly #scheduler: Scheduler;
  readonly #fate: number;
  #queue: Message[] = [];
  #held = false;
  #sent = 0;
  #latest = 0;

  constructor(scheduler: Scheduler, name: string, actor: string, number: number) {
    this.#scheduler = scheduler;
    this.#fate = hash(0, name);
    this.actor = actor;
    this.number = number;
  }

  /**
   * @param label what a reader of the trace sees when it is delivered; empty: not worth a line
   * @param name names the message where its number on the link is no stable name
   */
  send(label: string, deliver: () => void, name?: string): void {
    const { now, strategy } = this.#scheduler;
    const fate = name === undefined ? hashNumber(this.#fate, this.#sent++) : hash(this.#fate, name);
    this.#latest = Math.max(this.#latest + strategy.minLatencyMs, now + strategy.latency(fate));
    this.#queue.push({ label, fate, arrives: this.#latest, deliver });
    if (this.#queue.length === 1 && !this.#held) this.#scheduler.activate(this);
  }

  /** Delivers nothing until `release`. Idempotent, as that. */
  hold(): void {
    if (!this.#held && this.#queue.length > 0) this.#scheduler.deactivate(this);
    this.#held = true;
  }
  release(): void {
    if (this.#held && this.#queue.length > 0) this.#scheduler.activate(this);
    this.#held = false;
  }

  /** Loses what is on its way. */
  cut(): void {
    if (this.#queue.length > 0 && !this.#held) this.#scheduler.deactivate(this);
    this.#queue = [];
  }

  /** there is a next message */
  get isWaiting(): boolean {
    return this.#queue.length > 0;
  }
  /** a hash that stands for the next message */
  get fate(): number {
    return this.#queue[0]!.fate;
  }
  /** when the next message is there to be delivered */
  get arrives(): number {
    return this.#queue[0]!.arrives;
  }
  /** Takes the next message off the link. */
  take(): Message {
    const message = this.#queue.shift()!;
    if (this.#queue.length === 0) this.#scheduler.deactivate(this);
    return message;
  }
}

/** Something that happens at a time. */
export class Timer {
  readonly due: number;
  readonly actor: string;
  readonly label: string;
  readonly fire: () => void;
  cancelled = false;

  constructor(due: number, actor: string, label: string, fire: () => void) {
    this.due = due;
    this.actor = actor;
    this.label = label;
    this.fire = fire;
  }

  cancel(): void {
    this.cancelled = true;
  }
}

/**
 * Virtual time. All that can happen next is either the delivery of a link's first message or the firing of the first
 * timer; a strategy picks, one step at a time, and the clock follows.
 */
export class Scheduler {
  /** milliseconds from the start of the run */
  now = 0;
  steps = 0;
  /** whose progress the last step was */
  lastActor = "";
  readonly strategy: Strategy;
  readonly trace: Trace;
  readonly #links: Link[] = [];
  readonly #timers = new TimerHeap();
  #soon: (() => void)[] = [];
  #created = 0;

  constructor(strategy: Strategy, trace: Trace) {
    this.strategy = strategy;
    this.trace = trace;
  }

  /** @param name stable: the fate of its messages hangs on it */
  link(name: string, actor: string): Link {
    return new Link(this, name, actor, this.#created++);
  }

  /** @param due milliseconds from the start of the run; in the past: as soon as possible */
  at(due: number, actor: string, label: string, fire: () => void): Timer {
    const timer = new Timer(Math.max(due, this.now), actor, label, fire);
    this.#timers.push(timer);
    return timer;
  }

  /** Before anything else happens, but not inside of what happens now. */
  soon(action: () => void): void {
    this.#soon.push(action);
  }

  /** Lets one thing happen. False when nothing is left that could. */
  step(): boolean {
    if (this.#soon.length > 0) {
      const actions = this.#soon;
      this.#soon = [];
      for (const action of actions) action();
      return true;
    }
    const next = this.strategy.choose(this.#links, this.#timers.first(), this.now);
    if (!next) return false;
    this.steps++;
    this.lastActor = next.actor;
    if (next instanceof Link) {
      const message = next.take();
      this.#happen(Math.max(this.now + this.strategy.minLatencyMs, message.arrives), message.label, message.deliver);
    } else {
      this.#timers.pop();
      this.#happen(Math.max(this.now, next.due), next.label, next.fire);
    }
    return true;
  }

  /** A line of the trace, about now. */
  log(what: string): void {
    this.trace.add(this.now, what);
  }

  activate(link: Link): void {
    this.#links.push(link);
  }
  deactivate(link: Link): void {
    const index = this.#links.indexOf(link);
    if (index >= 0) this.#links.splice(index, 1);
  }

  #happen(at: number, label: string, action: () => void): void {
    this.now = at;
    if (label) this.log(label);
    action();
  }
}

/** A binary heap by due time; what is due at the same time fires in the order in which it was set. */
class TimerHeap {
  readonly #heap: { timer: Timer; number: number }[] = [];
  #count = 0;

  push(timer: Timer): void {
    const heap = this.#heap;
    const entry = { timer, number: this.#count++ };
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!earlier(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  first(): Timer | undefined {
    while (this.#heap[0]?.timer.cancelled) this.pop();
    return this.#heap[0]?.timer;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
      if (!earlier(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

type Entry = { timer: Timer; number: number };
const earlier = (a: Entry, b: Entry): boolean =>
  a.timer.due < b.timer.due || (a.timer.due === b.timer.due && a.number < b.number);
