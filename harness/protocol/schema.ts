import protobuf from "protobufjs";

/**
 * Declares protobuf messages in TypeScript, so that one declaration gives both the codec and the static type.
 *
 * Presence, after decoding: scalars that were absent have their default value; `optional` fields and nested messages
 * that were absent are left out; `repeated` fields are always arrays.
 */

interface Scalars {
  bytes: Uint8Array;
  string: string;
  uint32: number;
  /** read as a number: times in milliseconds fit in 53 bits */
  uint64: number;
  bool: boolean;
}
type Scalar = keyof Scalars;
type Presence = "plain" | "optional" | "repeated";

export interface Field<P extends Presence, T> {
  readonly presence: P;
  readonly number: number;
  readonly type: Scalar | Message<object>;
  /** carries the type only; never set */
  readonly value?: T;
}
type Fields = Record<string, Field<Presence, unknown>>;
type ValueOf<F> = F extends Field<Presence, infer T> ? T : never;

/** What a declaration decodes to. */
export type Decoded<F extends Fields> = {
  [K in keyof F as F[K] extends Field<"optional", unknown> ? never : K]: ValueOf<F[K]>;
} & { [K in keyof F as F[K] extends Field<"optional", unknown> ? K : never]?: ValueOf<F[K]> };

/** A message type: its name in the protocol's definition, and its codec. */
export interface Message<M extends object> {
  readonly name: string;
  /** Encodes the fields that are given. */
  encode(message: Partial<M>): Uint8Array;
  /** Bytes fields are views on `body`. */
  decode(body: Uint8Array): M;
}

export const scalar = <S extends Scalar>(number: number, type: S): Field<"plain", Scalars[S]> => ({
  presence: "plain",
  number,
  type,
});

export function optional<S extends Scalar>(number: number, type: S): Field<"optional", Scalars[S]>;
export function optional<M extends object>(number: number, type: Message<M>): Field<"optional", M>;
export function optional(number: number, type: Scalar | Message<object>): Field<"optional", never> {
  return { presence: "optional", number, type };
}

export function repeated<S extends Scalar>(number: number, type: S): Field<"repeated", Scalars[S][]>;
export function repeated<M extends object>(number: number, type: Message<M>): Field<"repeated", M[]>;
export function repeated(number: number, type: Scalar | Message<object>): Field<"repeated", never> {
  return { presence: "repeated", number, type };
}

const root = new protobuf.Root();

/** Declares a message; `name` is unique in the protocol. */
export function message<F extends Fields>(name: string, fields: F): Message<Decoded<F>> {
  const type = new protobuf.Type(name);
  for (const [key, { presence, number, type: of }] of Object.entries(fields)) {
    const field = new protobuf.Field(
      key,
      number,
      typeof of === "string" ? of : of.name,
      presence === "repeated" ? "repeated" : undefined,
    );
    // proto3 packs repeated numbers, and marks presence by a oneof with one member
    if (presence === "repeated" && (of === "uint32" || of === "uint64")) field.setOption("packed", true);
    if (presence === "optional") type.add(new protobuf.OneOf(`_${key}`, []).add(field));
    else type.add(field);
  }
  root.add(type);
  const toPlain = { defaults: true, arrays: true, longs: Number } as const;
  return {
    name,
    encode: (value) => type.encode(value as protobuf.Message).finish(),
    decode: (body) => type.toObject(type.decode(body), toPlain) as Decoded<F>,
  };
}
