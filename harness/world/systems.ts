import { alerts } from "./alerts.ts";
import { batchReceiver } from "./batch-receiver.ts";
import { calculator } from "./calculator.ts";
import { cars } from "./cars.ts";
import { feed } from "./feed.ts";
import { flights } from "./flights.ts";
import { machines } from "./machines.ts";
import { mail } from "./mail.ts";
import { moderation } from "./moderation.ts";
import { objectStorage } from "./object-storage.ts";
import { paymentProvider } from "./payment-provider.ts";
import { stripe } from "./stripe/index.ts";
import type { ExternalSystem } from "./system.ts";
import { workshop } from "./workshop.ts";

/** Every external system of the patterns: a new one is a file and a line here. */
export const systems: readonly ExternalSystem[] = [
  alerts,
  batchReceiver,
  calculator,
  cars,
  feed,
  flights,
  machines,
  mail,
  moderation,
  objectStorage,
  paymentProvider,
  stripe(),
  workshop,
];

/** All of them, and those of a property: one of a name that is there already takes its place. */
export const systemsWith = (own: readonly ExternalSystem[] = []): readonly ExternalSystem[] => [
  ...systems.filter(({ name }) => !own.some((other) => other.name === name)),
  ...own,
];
