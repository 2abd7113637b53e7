import type { PolicyMode } from '../../../src/acm/index.js';
import {
  changeLabel,
  createVlan,
  createVolume,
  decodeProposal,
  encodeProposal,
  type HostParts,
  type MigrationPeer,
  type MigrationPeers,
  type MigrationProposal,
  Migrations,
  recover,
  type VirtualMachine,
} from '../../../src/vmm/index.js';
import { Gate, gatedParts } from './gate.js';
import { actor, crash, define, enforceSample, faultsOf, openHost, type TestHost } from './host.js';

const uuids = {
  a: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  b: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
} as const;
type SideName = keyof typeof uuids;

/** One of two hosts that know each other as `host-a` and `host-b`. */
export interface Side {
  readonly name: SideName;
  readonly host: TestHost;
  readonly parts: HostParts;
  readonly migrations: Migrations;
  /** Ends the process at one of its steps. */
  readonly gate: Gate;
}

type CallName = Exclude<keyof MigrationPeer, 'name' | 'answers'>;

/** Two hosts with the same policy, VLAN and volumes, and a network between them. */
export class TwoHosts {
  a!: Side;
  b!: Side;
  /** Whether they reach each other. */
  isConnected = true;
  /** What a verifier thinks of either. */
  trust: { readonly trusted: boolean; readonly sentence: string } = { trusted: true, sentence: '' };
  /** Asked before each call; throws to lose it. */
  onCall: (from: SideName, call: CallName) => void | Promise<void> = () => undefined;
  /** Asked after each call; throws to lose the answer. */
  onAnswer: (from: SideName, call: CallName) => void | Promise<void> = () => undefined;
  /** Calls that arrived. */
  readonly calls: string[] = [];

  #side(name: SideName, host: TestHost, gate: Gate): Side {
    const parts = gatedParts(host.parts, gate);
    const peers: MigrationPeers = {
      names: () => [`host-${otherOf(name)}`],
      find: (wanted) => (wanted === `host-${otherOf(name)}` ? this.#peer(name) : undefined),
      ofAccount: (user) => (user === `account-of-${otherOf(name)}` ? this.#peer(name) : undefined),
      attest: async () => this.trust,
    };
    return { name, host, parts, gate, migrations: new Migrations(parts, peers) };
  }

  #peer(from: SideName): MigrationPeer {
    const to = otherOf(from);
    const caller = { user: `account-of-${from}` };
    const call = <T>(name: CallName, work: (there: Migrations) => Promise<T>): Promise<T> =>
      this[from].gate.step(async () => {
        await this.onCall(from, name);
        if (!this.isConnected || this[to].gate.isDead) throw new Error('not reached');
        this.calls.push(`${from} ${name}`);
        const answer = await work(this[to].migrations);
        if (!this.isConnected || this[to].gate.isDead) throw new Error('no answer');
        await this.onAnswer(from, name);
        return answer;
      });
    const travelled = (proposal: MigrationProposal): MigrationProposal => decodeProposal(encodeProposal(proposal));
    return {
      name: `host-${to}`,
      answers: async () => this.isConnected && !this[to].gate.isDead,
      identify: () => call('identify', async () => this[to].parts.identity),
      check: (proposal) => call('check', (there) => there.checkFor(caller, travelled(proposal))),
      prepare: (proposal) => call('prepare', (there) => there.prepareFor(caller, travelled(proposal))),
      transfer: (id, cargo) => call('transfer', (there) => there.transferFor(caller, id, cargo.slice())),
      commit: (id) => call('commit', (there) => there.commitFor(caller, id)),
      abort: (id) => call('abort', (there) => there.abortFor(caller, id)),
      outcome: (id) => call('outcome', (there) => there.outcomeFor(caller, id)),
    };
  }

  async open(mode?: PolicyMode): Promise<void> {
    for (const name of ['a', 'b'] as const) {
      const host = await openHost(
        {},
        {
          change: () => ({ identity: { uuid: uuids[name], name: `host-${name}` } }),
          ...(mode === undefined ? {} : { mode }),
        },
      );
      this[name] = this.#side(name, host, new Gate(0, 'kill'));
    }
  }

  /** Makes a process end, or a step fail, at the next step number `limit`. */
  arm(name: SideName, gate: Gate): void {
    this[name] = this.#side(name, this[name].host, gate);
  }

  /** The process is started again; what was under way is not yet ended. */
  async restart(name: SideName): Promise<void> {
    const { identity } = this[name].host.parts;
    const host = await crash(this[name].host, { change: () => ({ identity }) });
    this[name] = this.#side(name, host, new Gate(0, 'kill'));
    await recover(this[name].parts);
  }

  /** What both do from time to time. */
  async resolve(): Promise<void> {
    for (let round = 0; round < 2; round++)
      for (const name of ['a', 'b'] as const) await this[name].migrations.resolve();
  }

  /** What is not one story on two hosts, as sentences. */
  async faults(vm: string): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const name of ['a', 'b'] as const) {
      for (const fault of await faultsOf(this[name].host)) faults.push(`${name}: ${fault}`);
      for (const { phase } of this[name].host.parts.inventory.migrations()) faults.push(`${name}: still ${phase}`);
    }
    const homes = this.homesOf(vm);
    if (homes.length !== 1) faults.push(`it is on ${homes.length === 0 ? 'none' : homes.join(' and ')}`);
    return faults;
  }

  /** Hosts that have the machine as their own. */
  homesOf(vm: string): readonly SideName[] {
    return (['a', 'b'] as const).filter((name) => this[name].host.parts.inventory.vm(vm) !== undefined);
  }
}

function otherOf(name: SideName): SideName {
  return name === 'a' ? 'b' : 'a';
}

export interface Scene {
  readonly hosts: TwoHosts;
  readonly vm: VirtualMachine;
}

export interface SceneOptions {
  readonly tpm?: boolean;
  readonly mode?: PolicyMode;
  readonly version?: '1.0' | '1.1';
  readonly image?: string | null;
}

/** Two hosts that share a volume and a VLAN, and a machine of workload MA on the first. */
export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const hosts = new TwoHosts();
  await hosts.open(options.mode);
  for (const { parts } of [hosts.a.host, hosts.b.host]) {
    await enforceSample(parts, options.version);
    await createVlan(parts, actor, 100, 'MA');
    await changeLabel(parts, actor, { kind: 'vlan', id: 100 }, 'MA');
    const { uuid } = await createVolume(parts, actor, 'shared', 512);
    await changeLabel(parts, actor, { kind: 'volume', uuid }, 'MA');
  }
  const { parts } = hosts.a.host;
  const volume = parts.inventory.volumeByResource('shared');
  const vm = await define(parts, 'ma', 'MA', {
    volumes: [volume?.uuid ?? ''],
    vlans: [100],
    tpm: options.tpm ?? true,
    image: options.image ?? null,
  });
  return { hosts, vm };
}
