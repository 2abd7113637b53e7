import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, describeIssues, messageOf } from '../../base/index.js';

const defaultFile = 'peers.json';
const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Secrets do not travel in the clear. */
function isProtected(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && loopback.has(hostname));
}

const connection = z.strictObject({
  url: z.string().refine(isProtected, 'expected an https:// URL (http:// on this machine only)'),
  /** Account there. */
  user: z.string().min(1),
  passwordFile: z.string().min(1),
  /** Certificates that sign the server; left out: those that the system believes. */
  cacert: z.string().min(1).optional(),
});

const form = z
  .strictObject({
    format: z.literal(1),
    peers: z.array(
      z.strictObject({
        ...connection.shape,
        name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
        /** Account under which the peer calls here. */
        account: z.string().min(1),
      }),
    ),
    /** Attests a peer before anything is sent to it. */
    verifier: connection.optional(),
    /** Send to hosts that nobody has attested. */
    unattested: z.boolean().optional(),
  })
  .refine(({ peers }) => new Set(peers.map(({ name }) => name)).size === peers.length, 'two peers have one name')
  .refine(
    ({ peers }) => new Set(peers.map(({ account }) => account)).size === peers.length,
    'two peers share an account',
  );

/** How to reach a server; file names are absolute. */
export type PeerConnection = z.infer<typeof connection>;
export type ConfiguredPeer = z.infer<typeof form>['peers'][number];

/** The hosts that this one knows, and who attests them. */
export interface PeersConfig {
  readonly peers: readonly ConfiguredPeer[];
  readonly verifier: PeerConnection | null;
  readonly unattested: boolean;
}

const none: PeersConfig = { peers: [], verifier: null, unattested: false };

function rebased<T extends PeerConnection>(folder: string, item: T): T {
  const place = (name: string): string => (isAbsolute(name) ? name : join(folder, name));
  const { cacert } = item;
  return {
    ...item,
    passwordFile: place(item.passwordFile),
    ...(cacert === undefined ? {} : { cacert: place(cacert) }),
  };
}

/**
 * Reads the list of peers. It is read whenever it is needed: a peer that was added or removed counts at once.
 * @param file null: `peers.json` of the data folder, if it is there
 * @throws ConfigurationError `bad_peers`
 */
export function readPeers(file: string | null, dataFolder: string): PeersConfig {
  const path = file ?? join(dataFolder, defaultFile);
  if (file === null && !existsSync(path)) return none;
  try {
    const { peers, verifier, unattested = false } = form.parse(JSON.parse(readFileSync(path, 'utf8')));
    const folder = dirname(path);
    return {
      peers: peers.map((peer) => rebased(folder, peer)),
      verifier: verifier === undefined ? null : rebased(folder, verifier),
      unattested,
    };
  } catch (cause) {
    const sentence = cause instanceof z.ZodError ? describeIssues(cause.issues) : messageOf(cause);
    throw new ConfigurationError('bad_peers', `${path}: ${sentence}`, { cause });
  }
}
