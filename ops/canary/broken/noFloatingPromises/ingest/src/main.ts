import { greet } from "./greet.ts";

async function speak(): Promise<void> {
  process.stdout.write(greet("you"));
}

speak();
