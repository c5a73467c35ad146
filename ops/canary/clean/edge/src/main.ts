import { greet } from "./greet.ts";

process.stdout.write(greet("edge"));
