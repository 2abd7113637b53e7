import type { Command } from 'commander';
import type { Streams } from './output/index.js';

/** A first word of the command line; its commands are loaded when they are needed. */
interface Noun {
  readonly name: string;
  readonly description: string;
  /** @param whole the program with the commands of all nouns */
  load(streams: Streams, whole: () => Promise<Command>): Promise<Command>;
}

export const nouns: readonly Noun[] = [
  {
    name: 'demo',
    description: 'show both use cases on a sample datacenter in this process',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  {
    name: 'serve',
    description: 'the object manager of this host',
    load: async () => (await import('./commands/serve.js')).serveCommand(),
  },
  {
    name: 'vm',
    description:
      'virtual machines: list, show, define, clone, set, start, stop, shutdown, pause, resume, save, restore, reset, attach, detach, destroy, preflight, migrate, migrations',
    load: async (streams) => (await import('./commands/vm.js')).vmCommand(streams),
  },
  {
    name: 'policy',
    description:
      'security policies: check, convert, simulate, diff; list, show, import, deploy, enable, verify, reset, export, statistics',
    load: async (streams) => (await import('./commands/policy.js')).policyCommand(streams),
  },
  {
    name: 'label',
    description: 'labels: list, assign, remove, show, create, delete, matrix, reach',
    load: async (streams) => (await import('./commands/label.js')).labelCommand(streams),
  },
  {
    name: 'explain',
    description: 'why a virtual machine may or may not reach something',
    load: async (streams) => (await import('./commands/explain.js')).explainCommand(streams),
  },
  {
    name: 'tvd',
    description: 'trusted virtual domains: list, show, create, delete, add, remove, start, stop',
    load: async (streams) => (await import('./commands/tvd.js')).tvdCommand(streams),
  },
  {
    name: 'volume',
    description: 'volumes: list, create, erase, delete',
    load: async (streams) => (await import('./commands/volume.js')).volumeCommand(streams),
  },
  {
    name: 'vlan',
    description: 'VLANs: list, create, delete',
    load: async (streams) => (await import('./commands/vlan.js')).vlanCommand(streams),
  },
  {
    name: 'vtpm',
    description:
      'virtual TPMs: list, create, destroy, reset, pcrs, quote, cert, renew, revoke, crl, prepare, export, import, recover; state; serve, extend',
    load: async (streams) => (await import('./commands/vtpm.js')).vtpmCommand(streams),
  },
  {
    name: 'user',
    description: 'accounts: list, create, remove, secret',
    load: async (streams) => (await import('./commands/user.js')).userCommand(streams),
  },
  {
    name: 'role',
    description: 'roles of users: list, grant, revoke',
    load: async (streams) => (await import('./commands/role.js')).roleCommand(streams),
  },
  {
    name: 'attest',
    description: 'challenge hosts and virtual machines; system, history, acknowledge, ready, anchor, verify',
    load: async (streams) => (await import('./commands/attest.js')).attestCommand(streams),
  },
  {
    name: 'reference',
    description: 'reference measurements: list, create, import, own, export, diff, annotate, expire, delete, search',
    load: async (streams) => (await import('./commands/reference.js')).referenceCommand(streams),
  },
  {
    name: 'verifier',
    description: "the verifier's object manager: serve",
    load: async (streams) => (await import('./commands/verifier.js')).verifierCommand(streams),
  },
  {
    name: 'mof',
    description: 'MOF: check, compile, format, types',
    load: async (streams) => (await import('./commands/mof.js')).mofCommand(streams),
  },
  {
    name: 'schema',
    description: 'schemas of a server: install, list, diff',
    load: async (streams) => (await import('./commands/schema.js')).schemaCommand(streams),
  },
  {
    name: 'wbem',
    description:
      'any operation on any WBEM server: gi ei ein gc ec … and class, namespace, server, profile, diff, shell',
    load: async (streams) => (await import('./commands/wbem.js')).wbemCommand(streams),
  },
  {
    name: 'connection',
    description: 'saved connections: save, list, show, test, default, delete',
    load: async (streams) => (await import('./commands/connection.js')).connectionCommand(streams),
  },
  {
    name: 'backup',
    description: 'copy the data of a host into a file, also while it serves',
    load: async (streams) => (await import('./commands/backup.js')).backupCommand(streams),
  },
  {
    name: 'restore',
    description: 'make the data of a host what a backup says',
    load: async (streams) => (await import('./commands/backup.js')).restoreCommand(streams),
  },
  {
    name: 'compact',
    description: 'give free space of the data of a host back',
    load: async (streams) => (await import('./commands/backup.js')).compactCommand(streams),
  },
  {
    name: 'completion',
    description: 'completion of this command for bash, zsh or fish',
    load: async (streams, whole) => (await import('./commands/completion.js')).completionCommand(streams, whole),
  },
];
