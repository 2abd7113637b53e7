import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AppraisalPolicy,
  type Challenge,
  createMemoryReferences,
  createVerifier,
  encodeIsolationEvent,
  type Evidence,
  hostExtraData,
  type IdentityEvidence,
  type IsolationState,
  logPath,
  type ReferenceDatabase,
  type RoundMember,
  type Subject,
  type Verifier,
  vmExtraData,
} from '../../../src/attestation/index.js';
import { createSeededRandomness, hash, type HashAlgorithm, ManualClock, toHex } from '../../../src/base/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import {
  bootAggregate,
  createEventLog,
  createImaLog,
  type EventLogWriter,
  type ImaLog,
  tcgEventTypes,
} from '../../../src/tpm/logs/index.js';
import {
  type DatacenterRoot,
  type HostAuthority,
  openDatacenterRoot,
  openHostAuthority,
} from '../../../src/vtpm/certificates/index.js';
import { publicKeyOf } from '../../../src/tpm/index.js';
import { FakeTpm } from './fake-tpm.js';

export const hostUuid = '11111111-1111-4111-8111-111111111111';
export const vmUuid = '22222222-2222-4222-8222-222222222222';
export const goodFiles = ['/sbin/init', '/usr/bin/app', '/etc/with blank.conf'] as const;
export const contentOf = (path: string): Uint8Array => new Uint8Array(Buffer.from(`content of ${path}`));
export const isolation: IsolationState = {
  policyName: 'TVDc Policy',
  policyVersion: '1.2',
  documentSha256: 'ab'.repeat(32),
  systemLabel: 'SystemManagement',
};

/** A machine with a TPM that measures its boot and its files. */
export class Machine {
  readonly subject: Subject;
  readonly tpm: FakeTpm;
  ima: ImaLog = createImaLog();
  boot: EventLogWriter = createEventLog();
  own: EventLogWriter = createEventLog();
  readonly selection: readonly { readonly bank: HashAlgorithm; readonly indexes: readonly number[] }[];
  certificates: readonly Uint8Array[] = [];

  constructor(subject: Subject, tpm = new FakeTpm()) {
    this.subject = subject;
    this.tpm = tpm;
    this.selection = [{ bank: 'sha256', indexes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13] }];
    this.start();
  }

  start(): void {
    this.ima = createImaLog();
    this.boot = createEventLog();
    this.own = createEventLog();
    const { EV_S_CRTM_VERSION, EV_SEPARATOR } = tcgEventTypes;
    const version = this.boot.append({ pcr: 0, type: EV_S_CRTM_VERSION, data: contentOf('firmware') });
    this.tpm.extend(version.pcr, version.digests);
    for (let pcr = 0; pcr < 8; pcr++) {
      const made = this.boot.append({ pcr, type: EV_SEPARATOR, data: new Uint8Array(4) });
      this.tpm.extend(made.pcr, made.digests);
    }
    const values = Object.fromEntries(Array.from({ length: 10 }, (_, pcr) => [pcr, this.tpm.pcr('sha256', pcr)]));
    this.#measured('boot_aggregate', bootAggregate('sha256', values) as Uint8Array);
    for (const path of goodFiles) this.measure(path);
  }

  restart(): void {
    this.tpm.reset();
    this.start();
  }

  #measured(path: string, value: Uint8Array): void {
    const made = this.ima.measure({ path, digest: { algorithm: 'sha256', value } });
    this.tpm.extend(made.pcr, made.digests);
  }

  measure(path: string, content = contentOf(path)): void {
    this.#measured(path, hash('sha256', content));
  }

  violate(path: string): void {
    const made = this.ima.violation(path);
    this.tpm.extend(made.pcr, made.digests);
  }

  isolate(state: IsolationState): void {
    const made = this.own.append({ pcr: 13, type: tcgEventTypes.EV_ACTION, data: encodeIsolationEvent(state) });
    this.tpm.extend(made.pcr, made.digests);
  }

  get identity(): IdentityEvidence {
    return { ekCertificateChain: this.certificates, ekPublic: this.tpm.ekPublic, akPublic: this.tpm.akPublic };
  }

  evidence(extraData: Uint8Array, start = 0): Evidence {
    return {
      quote: this.tpm.quote(extraData, this.selection),
      measurements: { format: 'binary', start, data: this.ima.part(start).data },
      eventLog: this.boot.toBytes(),
      isolationLog: this.own.toBytes(),
    };
  }
}

export const policy: AppraisalPolicy = { name: 'test', referenceSets: ['image'] };

/** Root, host authority, one host, one VM, references and a verifier that has bound both. */
export class Datacenter {
  readonly clock = new ManualClock(Date.UTC(2026, 5, 1));
  readonly store = createMemoryStore();
  readonly references: ReferenceDatabase = createMemoryReferences(this.clock);
  readonly host = new Machine({ kind: 'host', uuid: hostUuid });
  readonly vm = new Machine({ kind: 'vm', uuid: vmUuid });
  root!: DatacenterRoot;
  authority!: HostAuthority;
  verifier!: Verifier;
  #folder = '';

  static async open(): Promise<Datacenter> {
    const datacenter = new Datacenter();
    await datacenter.#open();
    return datacenter;
  }

  async #open(): Promise<void> {
    const { clock } = this;
    this.#folder = await mkdtemp(join(tmpdir(), 'tvdc-attest-'));
    this.root = await openDatacenterRoot({ folder: join(this.#folder, 'root'), clock });
    this.authority = await this.hostAuthority(hostUuid);
    for (const machine of [this.host, this.vm]) machine.certificates = this.certify(machine, this.authority);
    await this.references.createSet('image');
    const entries = goodFiles.map((path) => ({
      algorithm: 'sha256' as const,
      digest: toHex(hash('sha256', contentOf(path))),
      path: logPath(path),
      status: 'good' as const,
    }));
    await this.references.add('image', entries);
    this.verifier = this.openVerifier();
    await this.bind(this.host);
    await this.bind(this.vm);
  }

  /** The authority of a host, for the TPM that the host has now. */
  hostAuthority(uuid: string): Promise<HostAuthority> {
    const spki = publicKeyOf(this.host.tpm.ek.area).export({ type: 'spki', format: 'der' });
    const host = { hostUuid: uuid, hostEkHash: toHex(hash('sha256', spki)) };
    const folder = join(this.#folder, uuid);
    return openHostAuthority({
      folder,
      host,
      clock: this.clock,
      certify: (request, facts) => this.root.certifyHost(request, facts),
    });
  }

  certify(machine: Machine, authority: HostAuthority): Uint8Array[] {
    const virtualTpm = { backend: 'software', vmUuid: machine.subject.uuid, vtpmUuid: machine.subject.uuid };
    return [authority.issueEk({ ekPublic: machine.tpm.ek.area, virtualTpm }), ...authority.chain];
  }

  openVerifier(more: { readonly revocationLists?: readonly Uint8Array[] } = {}): Verifier {
    return createVerifier({
      references: this.references,
      anchors: [{ certificate: this.root.certificate, assurance: 'simulated' }],
      store: this.store,
      clock: this.clock,
      randomness: createSeededRandomness('verifier'),
      ...more,
    });
  }

  async bind(machine: Machine, host = hostUuid): Promise<void> {
    const challenge = await this.verifier.bindAk(machine.identity, machine.subject, host);
    const answer = machine.tpm.activate(challenge.credentialBlob, challenge.encryptedSecret);
    await this.verifier.confirmBinding(challenge.id, answer ?? new Uint8Array(0));
  }

  vmEvidence(challenge: Challenge, start = 0): Evidence {
    return this.vm.evidence(vmExtraData(challenge.nonce, vmUuid, this.vm.tpm.ekName), start);
  }

  hostEvidence(challenge: Challenge, members: readonly RoundMember[] = [], start = 0): Evidence {
    return this.host.evidence(hostExtraData(challenge.nonce, members), start);
  }

  async close(): Promise<void> {
    await this.store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
