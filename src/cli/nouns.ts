import type { Command } from 'commander';

/** A first word of the command line; its commands are loaded when they are needed. */
interface Noun {
  readonly name: string;
  readonly description: string;
  load(): Promise<Command>;
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
    description: 'virtual machines: list, show, start, stop, pause, resume, save, restore, reset',
    load: async () => (await import('./commands/vm.js')).vmCommand(),
  },
  {
    name: 'policy',
    description: 'security policies: check, convert, simulate, list, import, deploy, enable, reset, export',
    load: async () => (await import('./commands/policy.js')).policyCommand(),
  },
  {
    name: 'label',
    description: 'labels: list, assign, remove, show',
    load: async () => (await import('./commands/label.js')).labelCommand(),
  },
  {
    name: 'explain',
    description: 'why a virtual machine may or may not reach something',
    load: async () => (await import('./commands/explain.js')).explainCommand(),
  },
  {
    name: 'attest',
    description: 'judge evidence of measured systems',
    load: async () => (await import('./commands/attest.js')).attestCommand(),
  },
  {
    name: 'mof',
    description: 'MOF: check, format, types',
    load: async () => (await import('./commands/mof.js')).mofCommand(),
  },
  {
    name: 'wbem',
    description: 'any operation on any WBEM server: gi ei ein gc ec ecn ai ain ri rin cm ci mi di gp sp query',
    load: async () => (await import('./commands/wbem.js')).wbemCommand(),
  },
];
