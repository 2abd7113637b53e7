import { join } from 'node:path';
import {
  completePolicy,
  createMemoryReferences,
  createVerifier,
  openSqliteReferences,
  policyDigest,
  type ReferenceDatabase,
  type Subject,
  type TrustAnchor,
  type Verifier,
} from '../../attestation/index.js';
import { createInstancePath } from '../../cim/index.js';
import { createRoleAuthorizer, type ObjectManager } from '../../cimom/index.js';
import type { ServerListen, WbemServer } from '../../http/server/index.js';
import { type AttestationDesk, integrityAlert, type NamedVerdict, verifierFace } from '../../providers/index.js';
import { assemble } from '../assembly/index.js';
import { ensureAccount, type Foundation, type FoundationOptions, openFoundation } from '../foundation/index.js';
import { agentScope, agentRules, ensureAgent } from './agents.js';
import { type Notices, openNotices } from './notices.js';
import { type PushLimits, Pushes } from './pushes.js';
import { Revocations } from './revocations.js';
import { type AttestedHost, Rounds } from './rounds.js';

const namespace = 'root/tvdc';
const mostVerdicts = 1000;
const intervalSeconds = 300;
const defaultLookInterval = 5_000;
const acknowledgedPrefix = 'acknowledged/';

export interface VerifierHostOptions extends Omit<FoundationOptions, 'personality'> {
  readonly anchors: readonly TrustAnchor[];
  /** DER certificate revocation lists. */
  readonly revocationLists?: readonly Uint8Array[];
  readonly listen: readonly ServerListen[];
  /** Names and addresses under which clients reach this verifier. */
  readonly hostNames?: readonly string[];
  /** Where hosts may send indications. */
  readonly destinations?: readonly string[];
  /** Milliseconds between two looks at a host for changes that end trust; 0: never by itself. Default 5 000. */
  readonly lookInterval?: number;
  /** Where the hosts' life-cycle indications arrive, so that changes are known at once; null: hosts are only looked at. */
  readonly notices?: { readonly host?: string; readonly port?: number } | null;
  readonly pushLimits?: Partial<PushLimits>;
}

/** A verifier that serves: an object manager of its own, because a host must not publish its own verdicts. */
export interface VerifierHost {
  readonly foundation: Foundation;
  readonly objectManager: ObjectManager;
  readonly references: ReferenceDatabase;
  readonly verifier: Verifier;
  readonly server: WbemServer;
  /** Secret of `admin`; null where it is not on file. */
  readonly adminSecret: string | null;
  /**
   * From now on rounds challenge this host too, and what ends trust in its systems makes their verdicts pending.
   * @returns whether the host tells of changes itself; else it is looked at now and then
   */
  watch(host: AttestedHost): Promise<boolean>;
  /** Looks at all hosts now. */
  look(): Promise<void>;
  /** Makes the account under which an agent in a VM pushes measurements. @returns its name and secret */
  addAgent(vm: string): Promise<{ readonly user: string; readonly secret: string | null }>;
  nameOf(subject: Subject): string;
  close(): Promise<void>;
}

function openReferences(folder: string | null): ReferenceDatabase {
  return folder === null ? createMemoryReferences() : openSqliteReferences(join(folder, 'references.db'));
}

/** Verdicts and references as the object manager shows them. */
function createDesk(
  foundation: Foundation,
  references: ReferenceDatabase,
  verifier: Verifier,
  rounds: () => Rounds,
  pushes: () => Pushes,
  hosts: readonly AttestedHost[],
): AttestationDesk {
  const { store, identity, clock, randomness } = foundation;
  const verdicts = (): readonly NamedVerdict[] =>
    verifier
      .subjects()
      .flatMap((subject) =>
        verifier.history(subject, mostVerdicts).map((verdict) => ({ name: rounds().nameOf(subject), verdict })),
      )
      .sort((a, b) => b.verdict.issued - a.verdict.issued);
  return {
    identity,
    namespace,
    clock,
    randomness,
    attest: (system, mode) => rounds().attest(system, mode),
    submit: (system, start, data) => pushes().submit(system, start, data),
    exportEvidence: (subject, id) => verifier.exportEvidence(subject, id),
    verdicts,
    verdict: (id) => verdicts().find((item) => item.verdict.id === id),
    async acknowledge(subject, id) {
      if (!(await verifier.acknowledge(subject, id))) return false;
      await store.transaction((tx) => tx.put('attestation', acknowledgedPrefix + id, String(clock.now())));
      return true;
    },
    acknowledged: (id) => store.get('attestation', acknowledgedPrefix + id) !== undefined,
    async referenceSets() {
      const sets = await references.sets();
      return Promise.all(sets.map(async (set) => ({ ...set, digest: await references.digest([set.name]) })));
    },
    policies: () =>
      [
        ...new Map(
          hosts
            .flatMap((host) => [host.policies.host, host.policies.vm('', '')])
            .map((policy) => [policy.name, policy]),
        ).values(),
      ].map((policy) => ({
        name: policy.name,
        digest: policyDigest(completePolicy(policy)),
        intervalSeconds,
      })),
  };
}

/** Opens a verifier and serves it. @throws ConfigurationError @throws StoreError */
export async function openVerifierHost(options: VerifierHostOptions): Promise<VerifierHost> {
  const foundation = await openFoundation({ ...options, personality: 'verifier' });
  const { store, clock, randomness, log } = foundation;
  const references = openReferences(foundation.folder);
  const revocations = new Revocations({ ...options, store, clock, log });
  const verifier = createVerifier({
    references,
    anchors: options.anchors,
    get revocationLists() {
      return revocations.lists();
    },
    store,
    clock,
    randomness,
  });
  const hosts: AttestedHost[] = [];
  const desk = createDesk(
    foundation,
    references,
    verifier,
    () => rounds,
    () => pushes,
    hosts,
  );
  const adminSecret = await ensureAccount(foundation, 'admin', 'datacenter-admin');
  const authorizer = createRoleAuthorizer({
    grants: foundation.grants,
    // A verifier knows no workloads: roles for parts of a datacenter see nothing of it but the service that agents push to.
    scope: agentScope,
    rules: agentRules,
    onDenied: (caller, action, reason) =>
      log.warn('denied', { user: caller.user, operation: action?.operation ?? null, reason }),
  });
  const assembled = await assemble(foundation, {
    product: 'tvdc verifier',
    authorizer,
    providers: verifierFace(desk),
    listen: options.listen,
    ...(options.hostNames === undefined ? {} : { hostNames: options.hostNames }),
    ...(options.destinations === undefined ? {} : { destinations: options.destinations }),
    centralInstance: createInstancePath(
      'CIM_ComputerSystem',
      { CreationClassName: 'CIM_ComputerSystem', Name: foundation.identity.uuid },
      { namespace },
    ),
  });
  const rounds = new Rounds(verifier, store, log, revocations, (verdict: NamedVerdict, cleared: boolean) => {
    const cls = foundation.repository.space(namespace)?.schema.get('TVDC_IntegrityAlert');
    if (cls !== undefined) assembled.objectManager.publish(namespace, integrityAlert(desk, cls, verdict, cleared));
  });
  const pushes = new Pushes({ verifier, rounds, clock, log }, options.pushLimits);
  const notices: Notices | null =
    options.notices === undefined || options.notices === null
      ? null
      : await openNotices({
          ...options.notices,
          owner: foundation.identity.uuid,
          log,
          onChange: () => void rounds.look(),
        });
  const every = options.lookInterval ?? defaultLookInterval;
  const timer = every === 0 ? null : setInterval(() => void rounds.look(), every).unref();
  return {
    foundation,
    objectManager: assembled.objectManager,
    references,
    verifier,
    server: assembled.server,
    adminSecret,
    async watch(host) {
      hosts.push(host);
      const position = rounds.add(host);
      const told = (await notices?.subscribe(host.client, host.namespace ?? namespace)) ?? false;
      await rounds.look(position);
      return told;
    },
    look: () => rounds.look(),
    addAgent: (vm) => ensureAgent(foundation, vm),
    nameOf: (subject) => rounds.nameOf(subject),
    async close() {
      if (timer !== null) clearInterval(timer);
      await notices?.close();
      await assembled.close();
      await pushes.settle();
      await rounds.settle();
      await references.close();
      await store.close();
    },
  };
}
