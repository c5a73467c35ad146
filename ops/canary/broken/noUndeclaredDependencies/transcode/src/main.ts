import { pino } from "pino";
import { greet } from "./greet.ts";

pino().info(greet("you"));
