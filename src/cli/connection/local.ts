const thisMachine = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the URL names this machine by a loopback address. */
export function isLocal(url: string): boolean {
  return URL.canParse(url) && thisMachine.has(new URL(url).hostname);
}
