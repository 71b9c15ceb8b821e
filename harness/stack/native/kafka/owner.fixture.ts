/** A runner with a broker that waits to be killed, for the test of what it leaves behind. Prints its folder and the broker's id. */
import { Processes } from "../processes.ts";
import { ApacheKafka } from "./apache-kafka.ts";

const processes = new Processes();
const kafka = await ApacheKafka.start({ processes, storm: "freezes" });
const { pid } = kafka;
await kafka.freeze();
console.log(JSON.stringify({ folder: processes.folder, pid }));
setInterval(() => {}, 1000);
