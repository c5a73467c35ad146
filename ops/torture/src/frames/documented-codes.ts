/** The codes a stranger may read of: taken from the documents, so that an answer they do not name is a fault. */
import { readFile } from "node:fs/promises";

const DOCS = new URL("../../../docs/", import.meta.url);
/** RFC 6455 7.4.1, named in the protocol's text. */
const RFC_CLOSES = /close with (\d{4}) or (\d{4}) \(RFC 6455/;

/** What answers may say. */
export interface DocumentedCodes {
  readonly nacks: ReadonlySet<string>;
  readonly faults: ReadonlySet<string>;
  readonly closes: ReadonlySet<string>;
  /** Status by problem code. */
  readonly problems: ReadonlyMap<string, number>;
}

/** Reads them from `ops/docs/protocol.md` and `ops/docs/errors.md`. */
export async function readDocumentedCodes(): Promise<DocumentedCodes> {
  const [protocol, errors] = await Promise.all(
    ["protocol.md", "errors.md"].map((name) => readFile(new URL(name, DOCS), "utf8")),
  );
  const codes = protocol?.slice(protocol.indexOf("\n## Codes")) ?? "";
  const faultWords = /`fault`: ([^.]*)\./.exec(codes)?.[1] ?? "";
  const found = {
    nacks: new Set(firsts(codes, /^\| `([a-z-]+)` \| (?:yes|no) \|/gm)),
    faults: new Set(firsts(faultWords, /`([a-z-]+)`/g)),
    closes: new Set([...firsts(codes, /^\| (\d{4}) \| (?:yes|no) \|/gm), ...(RFC_CLOSES.exec(codes)?.slice(1) ?? [])]),
    problems: new Map(
      [...(errors ?? "").matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code = "", status]) => [
        code,
        Number(status),
      ]),
    ),
  };
  for (const [name, { size }] of Object.entries(found)) if (size < 2) throw new Error(`the documents list no ${name}`);
  return found;
}

const firsts = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first = ""]) => first);

/** Whether the documents name an answer: `nack CODE`, `fault CODE`, `close CODE`, `http STATUS CODE`. */
export function isDocumented(answer: string, codes: DocumentedCodes): boolean {
  const [what, first = "", second = ""] = answer.split(" ");
  switch (what) {
    case "nack":
      return codes.nacks.has(first);
    case "fault":
      return codes.faults.has(first);
    case "close":
      return codes.closes.has(first);
    case "http":
      return codes.problems.get(second) === Number(first);
    default:
      return false;
  }
}
