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
import { type AttestedHost, Rounds } from './rounds.js';

const namespace = 'root/tvdc';
const mostVerdicts = 1000;
const intervalSeconds = 300;
const acknowledgedPrefix = 'acknowledged/';

export interface VerifierHostOptions extends Omit<FoundationOptions, 'personality'> {
  readonly anchors: readonly TrustAnchor[];
  readonly listen: readonly ServerListen[];
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
  /** From now on rounds challenge this host too. */
  watch(host: AttestedHost): void;
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
    attest: (system) => rounds().attest(system),
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
  const verifier = createVerifier({ references, anchors: options.anchors, store, clock, randomness });
  const hosts: AttestedHost[] = [];
  const desk = createDesk(foundation, references, verifier, () => rounds, hosts);
  const adminSecret = await ensureAccount(foundation, 'admin', 'datacenter-admin');
  const authorizer = createRoleAuthorizer({
    grants: foundation.grants,
    // A verifier knows no workloads: roles for parts of a datacenter see nothing of it.
    scope: { isVisible: () => false, isDeliverable: () => false },
    rules: [],
    onDenied: (caller, action, reason) =>
      log.warn('denied', { user: caller.user, operation: action?.operation ?? null, reason }),
  });
  const assembled = await assemble(foundation, {
    product: 'tvdc verifier',
    authorizer,
    providers: verifierFace(desk),
    listen: options.listen,
    centralInstance: createInstancePath(
      'CIM_ComputerSystem',
      { CreationClassName: 'CIM_ComputerSystem', Name: foundation.identity.uuid },
      { namespace },
    ),
  });
  const rounds = new Rounds(verifier, store, (verdict: NamedVerdict, cleared: boolean) => {
    const cls = foundation.repository.space(namespace)?.schema.get('TVDC_IntegrityAlert');
    if (cls !== undefined) assembled.objectManager.publish(namespace, integrityAlert(desk, cls, verdict, cleared));
  });
  return {
    foundation,
    objectManager: assembled.objectManager,
    references,
    verifier,
    server: assembled.server,
    adminSecret,
    watch(host) {
      hosts.push(host);
      rounds.add(host);
    },
    nameOf: (subject) => rounds.nameOf(subject),
    async close() {
      await assembled.close();
      await references.close();
      await store.close();
    },
  };
}
