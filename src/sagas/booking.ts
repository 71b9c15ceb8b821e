import * as restate from "@restatedev/restate-sdk";
import { z } from "zod";
import { cars } from "../external/cars.ts";
import { endOnRefusal } from "../external/end-on-refusal.ts";
import { flights } from "../external/flights.ts";
import type { Tag } from "../external/http.ts";
import { paymentProvider } from "../external/payment-provider.ts";
import { externalRetries } from "../shared/configuration.ts";
import { untilSettled } from "../shared/until-settled.ts";

const Text = z.string().min(1);
const Trip = z.object({
  flights: z.object({ flightId: Text, passengerName: Text }),
  car: z.object({ pickupLocation: Text, rentalDate: Text }),
  paymentInfo: z.object({ cardNumber: Text, amount: z.int().positive() }),
});

/**
 * Books a flight and a car and pays for them, or undoes whatever it had begun: when a system refuses, and when the
 * booking is cancelled, at any point.
 */
async function run(ctx: restate.WorkflowContext, trip: z.infer<typeof Trip>) {
  // the same in every attempt, so that a call that is made again is recognised
  const bookingId = ctx.rand.uuidv4();
  const tagOf = (step: string): Tag => ({ key: `${bookingId}/${step}`, reference: ctx.key });

  const forward = <T>(step: string, action: (tag: Tag) => Promise<T>) =>
    ctx.run(step, () => action(tagOf(step)).catch(endOnRefusal), externalRetries());
  const compensations: { step: string; action: (tag: Tag) => Promise<unknown> }[] = [];

  try {
    const flight = await forward("reserve flight", (tag) => flights.reserve(trip.flights, tag));
    compensations.push({ step: "cancel flight", action: (tag) => flights.cancel(flight.id, tag) });

    const car = await forward("reserve car", (tag) => cars.reserve(trip.car, tag));
    compensations.push({ step: "cancel car", action: (tag) => cars.cancel(car.id, tag) });

    // a reservation whose answer is lost lapses; a payment does not, so its refund is ready before the charge
    const paymentId = tagOf("charge").key;
    compensations.push({ step: "refund", action: (tag) => paymentProvider.refund(paymentId, tag) });
    await forward("charge", (tag) => paymentProvider.charge(trip.paymentInfo, tag));

    await forward("confirm flight", (tag) => flights.confirm(flight.id, tag));
    await forward("confirm car", (tag) => cars.confirm(car.id, tag));

    return { flightId: flight.id, carId: car.id, paymentId };
  } catch (error) {
    // anything else is a defect of this code, not an end of the booking
    if (!(error instanceof restate.TerminalError)) throw error;
    for (const { step, action } of compensations.toReversed()) {
      // there is no way but to succeed: further cancellations, failures and even refusals only make it try again
      await untilSettled(ctx.run(step, () => action(tagOf(step)), externalRetries()));
    }
    throw error;
  }
}

export const bookingWorkflow = restate.workflow({
  name: "BookingWorkflow",
  handlers: { run: restate.handlers.workflow.workflow({ input: restate.serde.schema(Trip) }, run) },
});
