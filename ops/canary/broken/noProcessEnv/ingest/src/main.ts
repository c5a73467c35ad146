import { greet } from "./greet.ts";

process.stdout.write(greet(process.env.NAME ?? "you"));
