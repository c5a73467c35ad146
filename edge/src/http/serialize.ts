/** The only importer of fast-json-stringify. */
import build from "fast-json-stringify";

/** What is asked for an answer's writer. */
interface AnswerSchema {
  readonly schema: unknown;
}

/**
 * Writes answers as their schema says, leaving out what it does not name. A schema is compiled with the first answer:
 * hundreds of them would keep a start waiting.
 */
export function compileSerializer({ schema }: AnswerSchema): (answer: unknown) => string {
  let write: ((answer: unknown) => string) | undefined;
  return (answer) => {
    write ??= build(schema as Parameters<typeof build>[0]);
    return write(answer);
  };
}
