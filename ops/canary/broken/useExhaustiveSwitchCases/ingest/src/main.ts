import { greet } from "./greet.ts";

type Seat = { at: "free" } | { at: "taken" };

function describe(seat: Seat): string {
  let text = "";
  switch (seat.at) {
    case "free":
      text = "free";
  }
  return text;
}

process.stdout.write(greet(describe({ at: "taken" })));
