import type { MigrationPeer, MigrationPeers } from '../../vmm/index.js';
import { attestHost } from './attest.js';
import { type ConfiguredPeer, readPeers } from './config.js';
import { Lines } from './connect.js';
import { createWbemPeer } from './wbem-peer.js';

/** The other hosts, as long as this process lives. */
export interface OpenedPeers extends MigrationPeers {
  /**
   * This process ends: other hosts are still waited for, but not for long. What is cut then is in doubt as after a crash, and
   * the next process ends it.
   * @param patience milliseconds
   */
  leave(patience: number): void;
}

/**
 * The peers of `peers.json`, reached over CIM-XML.
 * @param file null: the one in the data folder
 * @throws ConfigurationError `bad_peers`
 */
export function openPeers(file: string | null, dataFolder: string, namespace: string): OpenedPeers {
  const lines = new Lines();
  const read = () => readPeers(file, dataFolder);
  const find = (wanted: (peer: ConfiguredPeer) => boolean): MigrationPeer | undefined => {
    const found = read().peers.find(wanted);
    return found === undefined ? undefined : createWbemPeer(lines, found, namespace);
  };
  // A list that cannot be read is told at the start, not at the first migration.
  read();
  return {
    names: () => read().peers.map(({ name }) => name),
    find: (name) => find((peer) => peer.name === name),
    ofAccount: (user) => find((peer) => peer.account === user),
    attest: (_peer, host) => attestHost(lines, read(), host),
    leave: (patience) => void setTimeout(() => lines.cut(), patience).unref(),
  };
}
