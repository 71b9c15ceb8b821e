type Constants = Readonly<Record<string, string | number>>;

/** By pattern. */
let overrides: (pattern: string) => Constants = () => ({});

/**
 * The constants of a property, such as a time that its services need or an opening balance: the same names and values are
 * settings of the services. An implementation under test may have others.
 *
 *     const settings = constants("state-machines", { TRANSITION_TIME: 30 });
 *     property("...", { pattern: "state-machines", settings, ... })
 *
 * @param defaults names as the services' environment has them
 */
export function constants<Defaults extends Constants>(pattern: string, defaults: Defaults): Widened<Defaults> {
  const own: Record<string, string | number> = { ...defaults };
  for (const [name, value] of Object.entries(overrides(pattern))) own[name] = value;
  return own as Widened<Defaults>;
}

type Widened<T> = { [K in keyof T]: T[K] extends number ? number : string };

/** What an implementation has for other constants; to be called before properties are declared. */
export function overrideConstants(of: (pattern: string) => Constants): void {
  overrides = of;
}
