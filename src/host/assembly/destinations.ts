const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Where indications may go: this machine, and the hosts that the operator named. A subscriber must not make the management VM
 * send to whatever they like.
 * @param hosts names or addresses, each with a port or without
 */
export function destinationRule(hosts: readonly string[]): (url: string) => boolean {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return (text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return loopback.has(url.hostname) || allowed.has(url.hostname) || allowed.has(url.host);
  };
}
