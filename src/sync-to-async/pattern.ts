import { ingressSetting, retrySettings } from "../shared/configuration.ts";
import type { Pattern } from "../shared/pattern.ts";
import { dataUploader } from "./data-uploader.ts";
import { front } from "./front.ts";

export const syncToAsync: Pattern = {
  services: [dataUploader],
  examples: [
    `curl localhost:5050/uploads/ada -H 'content-type: application/json' -d '{"email": "ada@mail.example"}'`,
    `curl localhost:8080/dataUploader/ada/resultAsEmail -H 'content-type: application/json' -d '{"email": "bob@mail.example"}'`,
  ],
  app: front,
  appPath: "/uploads",
  external: ["object-storage", "mail"],
  environment: {
    UPLOAD_WAIT: "milliseconds that a client waits for the URL before it is mailed (5000)",
    UPLOAD_HOLD: "milliseconds that a mail waits for its upload to begin (60000)",
    ...ingressSetting,
    ...retrySettings,
  },
};
