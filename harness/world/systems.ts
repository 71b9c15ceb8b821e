import { cars } from "./cars.ts";
import { flights } from "./flights.ts";
import { machines } from "./machines.ts";
import { paymentProvider } from "./payment-provider.ts";
import type { ExternalSystem } from "./system.ts";
import { workshop } from "./workshop.ts";

/** Every external system that the world can play: a new one is a file and a line here. */
export const systems: readonly (() => ExternalSystem)[] = [flights, cars, paymentProvider, machines, workshop];
