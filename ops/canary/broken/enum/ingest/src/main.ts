import { greet } from "./greet.ts";

enum Name {
  You = "you",
}
process.stdout.write(greet(Name.You));
