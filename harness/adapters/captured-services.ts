/** Where the services are kept that a subject hands to `serve()`: a simulated process has a global object of its own. */
const CAPTURED = Symbol.for("stormproof.captured-services");

/**
 * The services that the modules imported so far have handed to `serve()`, or bound to an endpoint, in place of being
 * exported. Nothing listens: while a subject is bundled, `serve` and `listen` of the SDK only note what they are given.
 *
 *     import "../their/server.ts";
 *     export const catalog = { sagas: { services: capturedServices() } };
 *
 * @throws when there are none: then the module is not loaded as a subject, or serves nothing
 */
export function capturedServices(): object[] {
  const services = (globalThis as { [CAPTURED]?: object[] })[CAPTURED] ?? [];
  if (services.length === 0)
    throw new Error(
      "no service was handed to serve(): import the module that does so before this one, and name it as SUBJECT",
    );
  return services;
}

/** Text of a module that takes the place of the SDK: all that the SDK has, but nothing listens. */
export const capturingSdk = `
export * from "@restatedev/restate-sdk";
import { endpoint as realEndpoint } from "@restatedev/restate-sdk";
const captured = (globalThis[Symbol.for("stormproof.captured-services")] ??= []);
export const serve = async ({ services }) => { captured.push(...services); return 0; };
export const endpoint = () => {
  const real = realEndpoint();
  const noting = new Proxy(real, {
    get(target, name) {
      if (name === "bind") return (service) => { captured.push(service); return noting; };
      if (name === "listen") return async () => 0;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? (...args) => { const made = value.apply(target, args); return made === target ? noting : made; } : value;
    },
  });
  return noting;
};
`;
