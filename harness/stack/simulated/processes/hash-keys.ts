/** The part of the SDK's bindings to its shared core that is needed to find the hash keys. */
export interface CoreBindings {
  WasmVM: new (...args: unknown[]) => Freeable;
  WasmHeader: new (key: string, value: string) => Freeable & { readonly key: string };
}
/** An object in the memory of the shared core. */
export interface Freeable {
  free(): void;
}

/** 128 bits, as 32-bit words. */
export type HashKey = readonly [number, number, number, number];

/**
 * The key of the next hash map in the SDK's shared core, a WebAssembly module written in Rust.
 *
 * Which of several pending steps the core executes first follows from the order of a hash map, and so from the key of that
 * map. Rust's `RandomState` counts: a pair of 64-bit words is the key of the next map, and its first word rises by one for
 * each map (https://doc.rust-lang.org/src/std/hash/random.rs.html). The second word is an address in the memory of the
 * module. Left alone, the key depends on how many attempts this Node process has seen.
 *
 * The place of the pair is not part of any interface, so it is found by what it does; see `find`.
 */
export class HashKeys {
  readonly #bindings: CoreBindings;
  readonly #index: number;
  #memory: Uint32Array;

  private constructor(bindings: CoreBindings, index: number) {
    this.#bindings = bindings;
    this.#index = index;
    this.#memory = memoryOf(bindings);
  }

  /**
   * Makes a few state machines and watches the memory of the core. The pair is the one place whose word rises by the same
   * small number for each machine, which goes on from a key that is written there, and whose whole key is used: after a
   * machine was made, a copy of it lies elsewhere.
   * @throws when there is no such place, or more than one
   */
  static find(bindings: CoreBindings): HashKeys {
    const found = countersIn(bindings).filter((counter) => isKey(bindings, counter));
    const [counter] = found;
    if (!counter || found.length > 1)
      throw new Error(`its hash keys were found in ${found.length} places of its memory, not in one`);
    return new HashKeys(bindings, counter.index);
  }

  /** Sets the key of the next hash map. */
  set(key: HashKey): void {
    // memory that has grown is in another buffer, and the old one is empty
    if (this.#memory.length === 0) this.#memory = memoryOf(this.#bindings);
    this.#memory.set(key, this.#index);
  }
}

/** A word that rises by `step` for each state machine. */
interface Counter {
  index: number;
  step: number;
}

/** how many hash maps a state machine has at most, with room to spare */
const MOST_MAPS = 64;

function countersIn(bindings: CoreBindings): Counter[] {
  // the first ones set things up, and make the memory grow
  for (let i = 0; i < 2; i++) makeMachine(bindings);
  const snapshots: Uint32Array[] = [];
  for (let i = 0; i < 4; i++) {
    snapshots.push(memoryOf(bindings).slice());
    makeMachine(bindings);
  }
  const [first, ...others] = snapshots;
  const counters: Counter[] = [];
  first?.forEach((value, index) => {
    const step = (others[0]?.[index] ?? 0) - value;
    if (step < 1 || step > MOST_MAPS) return;
    if (others.every((later, count) => later[index] === value + (count + 1) * step)) counters.push({ index, step });
  });
  return counters;
}

/** Whether the core goes on from a key that is written there, and uses all of it. */
function isKey(bindings: CoreBindings, { index, step }: Counter): boolean {
  const key: HashKey = [0x5eed_0001, 0x0dd_ba11, 0x0ff_1ce5, 0x0ca_11ed];
  const before = memoryOf(bindings).slice(index, index + key.length);
  memoryOf(bindings).set(key, index);
  makeMachine(bindings);
  const memory = memoryOf(bindings);
  const goesOn = key.every((word, i) => memory[index + i] === (i === 0 ? word + step : word));
  // what it is not was changed in vain
  if (goesOn || key.every((word, i) => memory[index + i] === word)) memory.set(before, index);
  return goesOn && memory.some((_, at) => at !== index && key.every((word, i) => memory[at + i] === word));
}

/** any version of the protocol that the SDK speaks */
const CONTENT_TYPE = "application/vnd.restate.invocation.v6";
/** the SDK's `LogLevel.ERROR` */
const LOG_LEVEL = 4;

function makeMachine({ WasmVM, WasmHeader }: CoreBindings): void {
  new WasmVM([new WasmHeader("content-type", CONTENT_TYPE)], LOG_LEVEL, 0, false, false, 0).free();
}

/**
 * The memory of the core. The bindings keep it to themselves, but the decoder is given a view of it for each string that
 * they read.
 */
function memoryOf({ WasmHeader }: CoreBindings): Uint32Array {
  let buffer: ArrayBufferLike | undefined;
  const { decode } = TextDecoder.prototype;
  TextDecoder.prototype.decode = function (...args) {
    const [input] = args;
    if (input instanceof Uint8Array) buffer = input.buffer;
    return decode.apply(this, args);
  };
  try {
    const header = new WasmHeader("name", "value");
    void header.key;
    header.free();
  } finally {
    TextDecoder.prototype.decode = decode;
  }
  if (!buffer) throw new Error("its memory cannot be seen");
  return new Uint32Array(buffer);
}
