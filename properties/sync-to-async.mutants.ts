import type { Mutant } from "../harness/stack/index.ts";

const uploader = "src/sync-to-async/data-uploader.ts";
const client = "src/sync-to-async/upload-client.ts";
const storage = "src/external/object-storage.ts";

/** From where `run` answers the URL to where a mail learns it. */
const answerAndMail = `      return step("address", () => objectStorage.address(bucket, OBJECT));
    },

    /** Waits for the URL and mails it. Whoever asks again with the same address waits as well, and there is one mail. */
    resultAsEmail: restate.handlers.workflow.shared(
      { input: restate.serde.schema(MailRequest) },
      async (ctx: restate.WorkflowSharedContext, { email }: MailRequest): Promise<void> => {
        const url = await urlOf(ctx);
`;

export const mutants: Mutant[] = [
  {
    name: "bucket named anew by each attempt",
    file: uploader,
    find: "const bucket = ctx.rand.uuidv4();",
    replace: "const bucket = crypto.randomUUID();",
    breaks: ["fails for a reason"],
    note: "an attempt ends when the bucket has been created, and the next one stores into another",
  },
  {
    name: "bucket named anew by each call",
    file: uploader,
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is code
    find: `      const bucket = ctx.rand.uuidv4();
      const tagOf = (step: string) => ({ key: \`\${bucket}/\${step}\`, reference: ctx.key });
      const step = <T>(name: string, action: () => Promise<T>) =>
        ctx.run(name, () => action().catch(endOnRefusal), externalRetries());

      await step("create bucket", () => objectStorage.createBucket(bucket, tagOf("create")));
`,
    replace: `      const step = <T>(name: string, action: () => Promise<T>) =>
        ctx.run(name, () => action().catch(endOnRefusal), externalRetries());
      const { bucket } = await step("create bucket", () => {
        const name = crypto.randomUUID();
        return objectStorage.createBucket(name, { key: name, reference: ctx.key });
      });
      const tagOf = (step: string) => ({ key: \`\${bucket}/\${step}\`, reference: ctx.key });
`,
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is code
    breaks: ["one bucket"],
    note: "an answer is lost",
  },
  {
    name: "bucket named after the user, in lower case",
    file: uploader,
    find: "const bucket = ctx.rand.uuidv4();",
    replace: "const bucket = ctx.key.toLowerCase();",
    breaks: ["one URL", "fails for a reason"],
    note: "two users, whose names differ in case alone",
  },
  {
    name: "idempotency key of the data not sent along",
    file: storage,
    find: '"text/plain; charset=utf-8", ...keyHeader(key) }',
    replace: '"text/plain; charset=utf-8" }',
    breaks: ["runs once"],
    note: "an answer is lost",
  },
  {
    name: "data of another user",
    file: uploader,
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is code
    find: "`Data of ${ctx.key}`",
    replace: "`Data of ${ctx.key.toLowerCase()}`",
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is code
    breaks: ["the data is the user's"],
  },
  {
    name: "URL in a promise, which nobody completes when the upload fails",
    file: uploader,
    find: answerAndMail,
    replace: `      const url = await step("address", () => objectStorage.address(bucket, OBJECT));
      await ctx.promise<string>("url").resolve(url);
      return url;
    },

    resultAsEmail: restate.handlers.workflow.shared(
      { input: restate.serde.schema(MailRequest) },
      async (ctx: restate.WorkflowSharedContext, { email }: MailRequest): Promise<void> => {
        await ctx.promise<string>("run").get().orTimeout(uploadHold()).catch(neverBegan(ctx.key));
        const url = await ctx.promise<string>("url");
`,
    breaks: ["terminates", "one end for all"],
    note: "the upload fails, is cancelled or is terminated while a mail waits; or it is cancelled when it has completed the promise",
  },
  {
    name: "URL told before the upload has ended",
    file: uploader,
    find: answerAndMail,
    replace: `      const url = await step("address", () => objectStorage.address(bucket, OBJECT));
      await ctx.promise<string>("url").resolve(url);
      await ctx.sleep(50);
      return url;
    },

    resultAsEmail: restate.handlers.workflow.shared(
      { input: restate.serde.schema(MailRequest) },
      async (ctx: restate.WorkflowSharedContext, { email }: MailRequest): Promise<void> => {
        const begun = ctx.promise<restate.InvocationId>("run").get();
        const run = await begun.orTimeout(uploadHold()).catch(neverBegan(ctx.key));
        const url = await restate.RestatePromise.race([ctx.promise<string>("url").get(), ctx.attach<string>(run)]);
`,
    breaks: ["one end for all"],
    note: "the upload is cancelled while it waits until everybody can read the data: it fails, and the URL is mailed",
  },
  {
    name: "mail waits for ever for an upload that nobody begins",
    file: uploader,
    find: "await run.orTimeout(uploadHold()).catch(neverBegan(ctx.key))",
    replace: "await run",
    breaks: ["terminates"],
  },
  {
    name: "hold time in seconds",
    file: uploader,
    find: "orTimeout(uploadHold())",
    replace: "orTimeout({ seconds: uploadHold() })",
    breaks: ["terminates"],
    note: "nobody begins the upload",
  },
  {
    name: "hold time for the whole upload",
    file: uploader,
    find: "ctx.attach<string>(await run.orTimeout(uploadHold()).catch(neverBegan(ctx.key)));",
    replace: "ctx.attach<string>(await run).orTimeout(uploadHold()).catch(neverBegan(ctx.key));",
    breaks: ["an error after the hold time", "terminates"],
    note: "the upload stalls; or nobody begins it",
  },
  {
    name: "mail given up at once when the upload has not begun",
    file: uploader,
    find: `  const run = ctx.promise<restate.InvocationId>("run").get();
  return ctx.attach<string>(await run.orTimeout(uploadHold()).catch(neverBegan(ctx.key)));
`,
    replace: `  const run = await ctx.promise<restate.InvocationId>("run").peek();
  if (run === undefined) throw new restate.TerminalError("no upload has begun", { errorCode: NEVER_BEGAN });
  return ctx.attach<string>(run);
`,
    breaks: ["an error after the hold time"],
  },
  {
    name: "mail runs the upload itself",
    file: uploader,
    find: `  const run = ctx.promise<restate.InvocationId>("run").get();
  return ctx.attach<string>(await run.orTimeout(uploadHold()).catch(neverBegan(ctx.key)));
`,
    replace: '  return ctx.workflowClient<{ run(): Promise<string> }>({ name: "dataUploader" }, ctx.key).run();\n',
    breaks: ["no spurious upload", "fails for a reason"],
    note: "a mail is asked for, and nobody has begun the upload; or it has been begun",
  },
  {
    name: "key of the mail made anew",
    file: uploader,
    find: "key: JSON.stringify([url, email])",
    replace: "key: crypto.randomUUID()",
    breaks: ["one mail per address"],
    note: "an answer is lost; or two ask for one mail",
  },
  {
    name: "key of the mail per request",
    file: uploader,
    find: "key: JSON.stringify([url, email])",
    replace: "key: ctx.request().id",
    breaks: ["one mail per address"],
    note: "two ask for one mail",
  },
  {
    name: "key of the mail without the address",
    file: uploader,
    find: "key: JSON.stringify([url, email])",
    replace: "key: url",
    breaks: ["fails for a reason", "the mail arrives"],
    note: "mails to two addresses are asked for",
  },
  {
    name: "mail sent without a key",
    file: uploader,
    find: "mail.send(message, tag)",
    replace: "mail.sendUnkeyed(message, tag)",
    breaks: ["one mail per address"],
  },
  {
    name: "blanks around an address dropped",
    file: uploader,
    find: "{ to: email,",
    replace: "{ to: email.trim(),",
    breaks: ["the mail arrives", "no spurious mail", "one mail per address"],
  },
  {
    name: "address in lower case",
    file: uploader,
    find: "to: email,",
    replace: "to: email.toLowerCase(),",
    breaks: ["no spurious mail", "the mail arrives", "one mail per address"],
  },
  {
    name: "URL cut in the mail",
    file: uploader,
    // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is code
    find: "`Your data is at ${url}`",
    replace: "`Your data is at ${url.slice(0, 72)}`",
    // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is code
    breaks: ["one URL"],
  },
  {
    name: "failure taken for sent",
    file: uploader,
    find: "mail.send(message, tag).catch(endOnRefusal)",
    replace: "mail.send(message, tag).catch(() => undefined)",
    breaks: ["the mail arrives"],
    note: "mail is unavailable for a moment",
  },
  {
    name: "mail given up after one failure",
    file: uploader,
    find: 'await ctx.run("mail", () => mail.send(message, tag).catch(endOnRefusal), externalRetries());',
    replace: `await ctx.run("mail", () => mail.send(message, tag).catch(endOnRefusal), { ...externalRetries(), maxRetryAttempts: 1 });`,
    breaks: ["fails for a reason", "the mail arrives"],
    note: "mail is unavailable for a moment",
  },
  {
    name: "refusal retried for ever",
    file: "src/external/end-on-refusal.ts",
    find: "  if (error instanceof Refusal) throw new TerminalError(error.message, { errorCode: error.status });\n",
    replace: "",
    breaks: ["terminates"],
    note: "a user has no quota; or there is no such address",
  },
  {
    name: "client waits for milliseconds in the place of seconds",
    file: client,
    find: "setTimeout(() => wait.abort(), uploadWait())",
    replace: "setTimeout(() => wait.abort(), uploadWait() / 1000)",
    breaks: ["mailed after the wait"],
  },
  {
    name: "client asks for a mail about an upload that has failed",
    file: client,
    find: `    if (error instanceof NoAnswer) return undefined;
    throw error;
`,
    replace: "    return undefined;\n",
    breaks: ["mailed after the wait"],
    note: "the upload fails while the client waits",
  },
  {
    name: "address in lower case at the front door",
    file: client,
    find: "parameter: { email },",
    replace: "parameter: { email: email.toLowerCase() },",
    breaks: ["the mail arrives", "no spurious mail"],
  },
  {
    name: "request for a mail remembered by its address",
    file: client,
    find: "idempotencyKey: crypto.randomUUID()",
    replace: "idempotencyKey: encodeURIComponent(email)",
    breaks: ["the mail arrives"],
    note: "a mail was ended, and is asked for again",
  },
];
