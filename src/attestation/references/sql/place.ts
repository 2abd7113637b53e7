/** FNV-1a over UTF-16 code units with the finalizer of MurmurHash3: spreads well, and is stored, so it never changes. */
function spread(text: string, length: number, seed: number): number {
  let h = seed;
  for (let at = 0; at < length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const digestSpan = 2 ** 16;
const pathSpan = 2 ** 21;

/**
 * Where the entries of a path begin: 16 bits for its directory and 21 for the path leave 16 for the digest. Files of one
 * directory, which imports bring together, lie together in the index, so that ten million rows are written almost in order;
 * a single index of small numbers finds a digest at a path, and whether a path is listed. Rows are compared in full
 * afterwards: two entries at one place cost time, nothing else.
 */
function pathBase(path: string): number {
  const directory = Math.max(1, spread(path, path.lastIndexOf('/') + 1, 0x811c9dc5) >>> 16);
  return (directory * pathSpan + (spread(path, path.length, 0x2545f491) >>> 11)) * digestSpan;
}

/**
 * Place of a digest at a path; a whole number below 2^53.
 * @param digest hexadecimal, at least 9 digits
 * @param path null: entries for every path, which lie before all others
 */
export function placeOf(digest: string, path: string | null): number {
  if (path === null) return Number.parseInt(digest.slice(0, 9), 16);
  return pathBase(path) + Number.parseInt(digest.slice(0, 4), 16);
}

/** First place of a path, and the first after it. */
export function placesOf(path: string): readonly [number, number] {
  const base = pathBase(path);
  return [base, base + digestSpan];
}
