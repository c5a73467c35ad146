import "../../transcode/src/greet.ts";
import { greet } from "./greet.ts";

process.stdout.write(greet("ingest"));
