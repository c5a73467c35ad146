import { runProcess } from "@lianmai/process";
import { startIngest } from "./ingest.ts";
import { StartError } from "./start-error.ts";

await runProcess("ingest", async (context) => {
  try {
    return await startIngest(context);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    // One clear line, not a stack: the reader is whoever typed `npm start`.
    context.logger.fatal(error.message);
    process.exit(1);
  }
});
