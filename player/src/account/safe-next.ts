/** Where to go after signing in: a path of this site, whatever the address bar asked for. Pure. */
export function safeNext(wanted: string | null): string {
  return wanted && /^\/(?![/\\])[\w\-/]*$/.test(wanted) ? wanted : "/host";
}
