/** A database of lists in memory that keeps a level of isolation and no more, for the tests of the checker. */
import type { Json } from "../../plan/index.ts";
import type { Random } from "../simulate.ts";
import type { MicroOperation, Transaction } from "./transaction.ts";

/** `none` has not even locks; `stale-serializable` runs transactions on snapshots that may be old. */
export type Weakness =
  | "none"
  | "read-uncommitted"
  | "read-committed"
  | "snapshot-isolation"
  | "stale-serializable"
  | "strict-serializable";

export interface Workload {
  weakness: Weakness;
  clients: number;
  transactions: number;
  keys: number;
  /** at most so many micro-operations each */
  steps: number;
  /** how often, of 1000, a transaction gives up by itself */
  aborts: number;
  /** how often, of 1000, nobody hears how a transaction ended */
  lost: number;
}

interface Session {
  read(key: string): Json[];
  /** false when it must abort */
  append(key: string, value: Json): boolean;
  /** false when it is aborted instead */
  commit(): boolean;
  abort(): void;
}

/** Runs transactions of several clients beside each other; whose step is next is left to chance. */
export function runWorkload(workload: Workload, random: Random): Transaction[] {
  const begin = databases[workload.weakness](random);
  const history: Transaction[] = [];
  const clients: (Client | undefined)[] = Array.from({ length: workload.clients });
  let time = 0;
  let value = 0;
  const draw = (): MicroOperation => {
    const key = `k${random(workload.keys)}`;
    return random(2) === 0 ? { f: "append", key, value: ++value } : { f: "read", key, value: undefined };
  };
  while (history.length < workload.transactions || clients.some(Boolean)) {
    const process = random(workload.clients);
    const client = clients[process];
    if (client === undefined) {
      if (history.length === workload.transactions) continue;
      const operations = Array.from({ length: 1 + random(workload.steps) }, draw);
      const transaction: Transaction = {
        name: `transaction ${history.length}`,
        process,
        outcome: "info",
        operations,
        invoke: time++,
        completion: undefined,
      };
      history.push(transaction);
      clients[process] = { transaction, operations, session: begin(), place: 0, committed: undefined };
    } else if (client.committed === undefined) {
      client.committed = advance(client, workload, random);
    } else {
      if (random(1000) >= workload.lost) {
        client.transaction.outcome = client.committed ? "ok" : "fail";
        client.transaction.completion = time++;
        if (client.committed) client.transaction.operations = client.operations;
      }
      clients[process] = undefined;
    }
  }
  return history;
}

interface Client {
  transaction: Transaction;
  operations: MicroOperation[];
  session: Session;
  place: number;
  committed: boolean | undefined;
}

/** @returns whether it committed; undefined when it goes on */
function advance(client: Client, { aborts }: Workload, random: Random): boolean | undefined {
  const { session, operations } = client;
  const operation = operations[client.place];
  if (operation === undefined) {
    if (random(1000) >= aborts) return session.commit();
    session.abort();
    return false;
  }
  if (operation.f === "read") {
    operations[client.place] = { ...operation, value: session.read(operation.key) };
  } else if (!session.append(operation.key, operation.value)) {
    session.abort();
    return false;
  }
  client.place++;
  return undefined;
}

const databases: Record<Weakness, (random: Random) => () => Session> = {
  none: () => inPlace(false),
  "read-uncommitted": () => inPlace(true),
  "read-committed": () => lockedWrites(),
  "snapshot-isolation": () => snapshots({ validates: false, age: () => 0 }),
  "stale-serializable": (random) => snapshots({ validates: true, age: () => random(4) }),
  "strict-serializable": () => snapshots({ validates: true, age: () => 0 }),
};

/** Everybody sees and changes the same lists; an abort takes back its own appends. */
function inPlace(locks: boolean): () => Session {
  const lists = new Map<string, { value: Json; owner: object }[]>();
  const owners = new Map<string, object>();
  return () => {
    const self = {};
    const release = () => {
      for (const [key, owner] of owners) if (owner === self) owners.delete(key);
    };
    return {
      read: (key) => (lists.get(key) ?? []).map(({ value }) => value),
      append(key, value) {
        if (locks && (owners.get(key) ?? self) !== self) return false;
        owners.set(key, self);
        lists.set(key, [...(lists.get(key) ?? []), { value, owner: self }]);
        return true;
      },
      commit() {
        release();
        return true;
      },
      abort() {
        for (const [key, list] of lists)
          lists.set(
            key,
            list.filter(({ owner }) => owner !== self),
          );
        release();
      },
    };
  };
}

/** Reads what is committed at that moment; holds the lists that it appends to until its end. */
function lockedWrites(): () => Session {
  const lists = new Map<string, Json[]>();
  const owners = new Map<string, object>();
  return () => {
    const self = {};
    const own = new Map<string, Json[]>();
    const release = () => {
      for (const key of own.keys()) owners.delete(key);
    };
    return {
      read: (key) => [...(lists.get(key) ?? []), ...(own.get(key) ?? [])],
      append(key, value) {
        if ((owners.get(key) ?? self) !== self) return false;
        owners.set(key, self);
        own.set(key, [...(own.get(key) ?? []), value]);
        return true;
      },
      commit() {
        for (const [key, values] of own) lists.set(key, [...(lists.get(key) ?? []), ...values]);
        release();
        return true;
      },
      abort: release,
    };
  };
}

/** Reads a snapshot; who commits first wins. With `validates`, what was read must not have changed before a write either. */
function snapshots({ validates, age }: { validates: boolean; age: () => number }): () => Session {
  const lists = new Map<string, { value: Json; commit: number }[]>();
  let commits = 0;
  return () => {
    const from = Math.max(0, commits - age());
    const own = new Map<string, Json[]>();
    const seen = new Set<string>();
    const hasChanged = (key: string) => (lists.get(key)?.at(-1)?.commit ?? 0) > from;
    return {
      read(key) {
        if (validates) seen.add(key);
        const visible = (lists.get(key) ?? []).filter(({ commit }) => commit <= from);
        return [...visible.map(({ value }) => value), ...(own.get(key) ?? [])];
      },
      append(key, value) {
        own.set(key, [...(own.get(key) ?? []), value]);
        return true;
      },
      commit() {
        if (own.size === 0) return true;
        if ([...own.keys(), ...seen].some(hasChanged)) return false;
        commits++;
        for (const [key, values] of own)
          lists.set(key, [...(lists.get(key) ?? []), ...values.map((value) => ({ value, commit: commits }))]);
        return true;
      },
      abort() {},
    };
  };
}
