import { greet } from "./greet.ts";

async function isKnown(name: string): Promise<boolean> {
  return name.length > 0;
}

if (isKnown("you")) process.stdout.write(greet("you"));
