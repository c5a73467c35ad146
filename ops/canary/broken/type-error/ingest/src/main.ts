import { greet } from "./greet.ts";

const text: number = greet("you");
process.stdout.write(String(text));
