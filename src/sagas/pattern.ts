import { retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { bookingWorkflow } from "./booking.ts";

export const sagas: Pattern = {
  services: [bookingWorkflow],
  examples: [
    `curl localhost:8080/BookingWorkflow/trip1/run -H 'content-type: application/json' -d '{"flights": {"flightId": "LH123", "passengerName": "Anna"}, "car": {"pickupLocation": "Berlin", "rentalDate": "2030-01-31"}, "paymentInfo": {"cardNumber": "4242424242424242", "amount": 20000}}'`,
  ],
  external: ["flights", "cars", "payment-provider"],
  environment: retrySettings,
};
