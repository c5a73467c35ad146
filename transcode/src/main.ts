import { runProcess } from "@lianmai/process";
import { createTranscode } from "./create-transcode.ts";

await runProcess("transcode", createTranscode);
