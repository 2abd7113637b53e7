import type { MigrationPeer, MigrationPeers } from '../../vmm/index.js';
import { attestHost } from './attest.js';
import { type ConfiguredPeer, readPeers } from './config.js';
import { createWbemPeer } from './wbem-peer.js';

/**
 * The peers of `peers.json`, reached over CIM-XML.
 * @param file null: the one in the data folder
 * @throws ConfigurationError `bad_peers`
 */
export function openPeers(file: string | null, dataFolder: string, namespace: string): MigrationPeers {
  const read = () => readPeers(file, dataFolder);
  const find = (wanted: (peer: ConfiguredPeer) => boolean): MigrationPeer | undefined => {
    const found = read().peers.find(wanted);
    return found === undefined ? undefined : createWbemPeer(found, namespace);
  };
  // A list that cannot be read is told at the start, not at the first migration.
  read();
  return {
    names: () => read().peers.map(({ name }) => name),
    find: (name) => find((peer) => peer.name === name),
    ofAccount: (user) => find((peer) => peer.account === user),
    attest: (_peer, host) => attestHost(read(), host),
  };
}
