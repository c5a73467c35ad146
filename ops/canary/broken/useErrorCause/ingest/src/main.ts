import { greet } from "./greet.ts";

try {
  process.stdout.write(greet("you"));
} catch (error) {
  throw new Error(`could not greet: ${error}`);
}
