const hostForm = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?$/;

/** Which name of this server a client used: paths in answers carry a HOST that the client can reach. */
export interface HostNames {
  /** @param host the Host header @param local address of this end of the connection */
  choose(host: string | undefined, local: string | undefined): string;
}

function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:/, '');
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** @param names configured; the first one is used where a client's is none of them, nor the address it reached */
export function createHostNames(names: readonly string[]): HostNames {
  const known = new Set(names.map(bare));
  const fallback = names[0] ?? 'localhost';
  let lastHost: string | undefined;
  let lastLocal: string | undefined;
  let last = fallback;
  const find = (host: string | undefined, local: string | undefined): string => {
    const name = host === undefined ? undefined : hostForm.exec(host)?.[1];
    if (name === undefined) return fallback;
    const folded = bare(name);
    const reached = local === undefined ? '' : bare(local);
    const ours = known.has(folded) || folded === reached || (folded === 'localhost' && isLoopback(reached));
    return ours ? (host as string) : fallback;
  };
  return {
    choose(host, local) {
      if (host !== lastHost || local !== lastLocal) {
        last = find(host, local);
        lastHost = host;
        lastLocal = local;
      }
      return last;
    },
  };
}
