/** Something that keeps the service from starting; the message is one line that says what to do. */
export class PreflightError extends Error {
  override readonly name = "PreflightError";
}
