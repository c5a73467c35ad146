import { greet } from "./greet.ts";

const name: any = "you";
process.stdout.write(greet(name));
