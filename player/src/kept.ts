/** What the browser keeps for the next visit. Storage may be forbidden: then nothing is kept, and nothing fails. */

/** The text kept under a key; null when there is none. */
export function readKept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is forbidden or full.
  }
}

/** The JSON kept under a key; undefined when there is none or it cannot be read. */
export function readKeptJson(key: string): unknown {
  try {
    return JSON.parse(readKept(key) ?? "");
  } catch {
    return undefined;
  }
}
