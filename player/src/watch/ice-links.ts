/** Reads STUN and TURN servers out of the Link header of a WHIP or WHEP answer (RFC 9725 section 4.6). Pure. */

/** One link and its parameters, as RFC 8288 section 3 writes them; a value may be a quoted string. */
const LINK = /[\s,]*<([^>]*)>((?:\s*;\s*[^\s;,="]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)/gy;
const PARAMETER = /;\s*([^\s;,="]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/g;

/** The servers of all links of relation `ice-server`, in their order, without those that a browser would not take. */
export function iceServersOf(header: string): RTCIceServer[] {
  return [...header.matchAll(LINK)].flatMap(([, url = "", parameters = ""]) => serverOf(url, parametersOf(parameters)));
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", quoted, bare = ""] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    // RFC 8288 section 3.3: only the first of a name counts
    if (!found.has(key)) found.set(key, quoted?.replaceAll(/\\(.)/g, "$1") ?? bare);
  }
  return found;
}

function serverOf(url: string, parameters: ReadonlyMap<string, string>): RTCIceServer[] {
  const relations = parameters.get("rel")?.toLowerCase().split(/\s+/) ?? [];
  if (!relations.includes("ice-server")) return [];
  if (/^stuns?:./i.test(url)) return [{ urls: url }];
  const username = parameters.get("username");
  const credential = parameters.get("credential");
  const isPassword = (parameters.get("credential-type") ?? "password") === "password";
  if (!/^turns?:./i.test(url) || username === undefined || credential === undefined || !isPassword) return [];
  return [{ urls: url, username, credential }];
}
