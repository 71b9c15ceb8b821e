import { isDeepStrictEqual } from "node:util";
import type { Checker } from "../../check/index.ts";
import type { Json } from "../../plan/index.ts";
import type { AnyKind, RecordOf } from "../kind.ts";
import { textOf, violation } from "../violation.ts";

/** Whoever succeeds is answered just this, also when its client did not hear it. */
export const returns = <K extends AnyKind>(kind: K, expected: (one: RecordOf<K>) => Json): Checker =>
  kind.every((one) => {
    if (one.result === undefined) return undefined;
    const wanted = expected(one as RecordOf<K>);
    if (isDeepStrictEqual(one.result, wanted)) return undefined;
    return violation(
      `${one} was not answered as it should be.`,
      { expected: textOf(wanted), seen: textOf(JSON.parse(JSON.stringify(one.result))) },
      one,
    );
  });
