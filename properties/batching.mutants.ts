import type { Mutant } from "../harness/stack/index.ts";

const batcher = "src/batching/batcher.ts";
const delivery = "src/batching/batch-receiver.ts";

const ACKED = "acked in exactly one batch";
const TWICE = "in one batch at most";

export const mutants: Mutant[] = [
  {
    name: "one more than a full batch",
    file: batcher,
    find: "batch.items.length >= batchSize()",
    replace: "batch.items.length > batchSize()",
    breaks: ["no batch too large"],
  },
  {
    name: "one less than a full batch",
    file: batcher,
    find: "batch.items.length >= batchSize()",
    replace: "batch.items.length >= batchSize() - 1",
    breaks: ["no batch early"],
  },
  {
    name: "full batch not forgotten",
    file: batcher,
    find: '  ctx.clear("batch");\n',
    replace: "",
    breaks: [ACKED],
    note: "the next item joins a batch that has gone",
  },
  {
    name: "time of a batch that has gone ends another",
    file: batcher,
    find: "if (open?.id === expiry.batch) handOver",
    replace: "if (open) handOver",
    breaks: ["no batch early"],
  },
  {
    name: "batch handed over though it has gone",
    file: batcher,
    find: "if (open?.id === expiry.batch) handOver(ctx, open);",
    replace: "handOver(ctx, open?.id === expiry.batch ? open : { id: expiry.batch, items: [] });",
    breaks: [ACKED],
  },
  {
    name: "time begins anew with each item",
    file: batcher,
    find: "        if (open) return;\n",
    replace: '        batch.id = ctx.rand.uuidv4();\n        ctx.set("batch", batch);\n',
    breaks: ["no batch late"],
    note: "items keep coming",
  },
  {
    name: "time forgotten",
    file: batcher,
    find: "ctx.objectSendClient(batcher, ctx.key).expire({ batch: batch.id }, later);",
    replace: "void later;",
    breaks: [ACKED],
  },
  {
    name: "time taken for seconds",
    file: batcher,
    find: "delay: batchTime()",
    replace: "delay: { seconds: batchTime() }",
    breaks: [ACKED, "no batch late"],
  },
  {
    name: "id of the batch made anew in every attempt",
    file: batcher,
    find: "ctx.rand.uuidv4()",
    replace: "crypto.randomUUID()",
    breaks: ["replays deterministically", "terminates"],
    note: "an attempt ends after the batch was written, and the next one writes another",
  },
  {
    name: "key of the delivery made anew",
    file: delivery,
    find: "{ key: batch }",
    replace: "{ key: crypto.randomUUID() }",
    breaks: [TWICE],
    note: "the receiver's answer is lost",
  },
  {
    name: "failure of the receiver taken for arrival",
    file: delivery,
    find: ".catch(endOnRefusal)",
    replace: ".catch(() => undefined)",
    breaks: [ACKED],
    note: "the receiver is not available for a moment",
  },
  {
    name: "handed over without waiting for it",
    file: delivery,
    find: 'await ctx.run("deliver", deliver, externalRetries());',
    replace: "void deliver().catch(() => undefined);",
    breaks: [ACKED],
    note: "the receiver is not available for a moment",
  },
  {
    name: "first item left out",
    file: delivery,
    find: "receive(receiver, items, {",
    replace: "receive(receiver, items.slice(1), {",
    breaks: ["no batch empty"],
    note: "it is the only one",
  },
  {
    name: "latest item first",
    file: batcher,
    find: "[...(open?.items ?? []), item]",
    replace: "[item, ...(open?.items ?? [])]",
    breaks: ["items in order"],
  },
  {
    name: "equal items are one",
    file: batcher,
    find: "[...(open?.items ?? []), item]",
    replace: "[...(open?.items ?? []).filter((one) => JSON.stringify(one) !== JSON.stringify(item)), item]",
    breaks: [ACKED],
    note: "the same is sent twice, without a key",
  },
  {
    name: "contents that are nothing dropped",
    file: batcher,
    find: "items: [...(open?.items ?? []), item]",
    replace:
      'items: [...(open?.items ?? []), JSON.parse(JSON.stringify(item, (_, value) => value ?? undefined) ?? "0")]',
    breaks: ["items keep their content"],
  },
  {
    name: "receiver cut short",
    file: batcher,
    find: "receive({ receiver: ctx.key, batch: id, items }, key)",
    replace: "receive({ receiver: ctx.key.slice(0, -1), batch: id, items }, key)",
    breaks: [ACKED, "no spurious effects"],
  },
];
