import { runProcess } from "@lianmai/process";
import { StartError } from "../start-error.ts";
import { startStage } from "./start-stage.ts";

await runProcess("stage", async (context) => {
  try {
    return await startStage(context);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    context.logger.fatal(error.message);
    process.exit(1);
  }
});
