import { greet } from "./greet.ts";

function choose(a: number, b: number, c: number): string {
  if (a > 0) {
    if (b > 0) {
      if (c > 0) return "all";
      if (c < 0) return "two";
    } else if (c > 0) {
      if (b < 0) return "mixed";
    }
  } else if (b > 0 && c > 0) {
    for (let i = 0; i < b; i++) if (i === c) return "found";
  }
  return "none";
}

process.stdout.write(greet(choose(1, 2, 3)));
