import { createRoleAuthorizer, type ObjectManager } from '../../cimom/index.js';
import type { ProfileFacts } from '../../cimom/interop/index.js';
import { type CimInstancePath, createInstancePath } from '../../cim/index.js';
import type { WbemServer } from '../../http/server/index.js';
import { conformances, hostFace, type HostView, startAlerts } from '../../providers/index.js';
import { openSealingTpm, swtpmAvailable, type VtpmBackend } from '../../vtpm/index.js';
import { Domains, type HostParts, jobHandlers, Jobs, leaveRunning, Migrations, recover } from '../../vmm/index.js';
import { assemble } from '../assembly/index.js';
import { createScope, recordDenials, roleRules } from '../authorization/index.js';
import { observer } from '../front/index.js';
import { createAccountDesk, ensureAccount, type Foundation, openFoundation } from '../foundation/index.js';
import { keepMigrations, openPeers } from '../migration/index.js';
import { installSample } from '../sample/index.js';
import type { ManagementVmOptions, VtpmChoice } from './options.js';
import { openParts } from './parts.js';
import { openHostTrust } from './trust.js';

const namespace = 'root/tvdc';

const dmtf = 2;
/** Milliseconds that other hosts have for their answers when this one ends. */
const closingPatience = 5000;

/** The profiles of the DMTF that the CIM face of a host keeps to. */
function virtualizationProfiles(view: HostView): readonly ProfileFacts[] {
  return conformances(view).map(({ name, version, references, central, isCentral }) => ({
    organization: dmtf,
    name,
    version,
    references,
    centralInstances: (_interop, caller) => central(caller),
    isCentral,
  }));
}

/** The management VM of one host, serving. */
export interface ManagementVm {
  readonly foundation: Foundation;
  readonly parts: HostParts;
  readonly objectManager: ObjectManager;
  readonly server: WbemServer;
  /** Secret of `admin`; null where it is not on file. */
  readonly adminSecret: string | null;
  /** Root certificate of the datacenter, DER: what a verifier believes. */
  readonly trustAnchor: Uint8Array;
  close(): Promise<void>;
}

async function backendOf(choice: VtpmChoice): Promise<VtpmBackend> {
  if (choice !== 'auto') return choice;
  return (await swtpmAvailable()) ? 'swtpm' : 'software';
}

/**
 * Opens everything that a management VM is made of and serves it: state, TPMs, reference monitor, virtualized host,
 * recovery of what a crash left, providers, listeners.
 * @throws ConfigurationError @throws StoreError @throws VtpmError
 */
export async function openManagementVm(options: ManagementVmOptions): Promise<ManagementVm> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const foundation = await openFoundation({ ...options, personality: 'host' });
    closers.push(() => foundation.store.close());
    const backend = await backendOf(options.vtpm);
    const sealing = await openSealingTpm(options.sealTpm ?? 'none', foundation.log);
    closers.push(async () => sealing?.close());
    const trust = await openHostTrust(foundation, options.folder, backend, sealing);
    closers.push(() => trust.tpm.close());
    const { parts, hostBoot } = await openParts(foundation, options, trust, backend);
    closers.push(() => parts.vtpms.close());
    await recover(parts);
    closers.push(() => leaveRunning(parts));
    if (options.sample) await installSample(parts, options.folder);

    const domains = new Domains(parts);
    const { jobPatience: patience } = options;
    const jobs = new Jobs({
      ...parts,
      onChange: (change) => parts.events.emit(change),
      ...(patience === undefined ? {} : { patience }),
    });
    const peers = openPeers(options.peers ?? null, options.folder, namespace);
    const migrations = new Migrations(parts, peers);
    const { grants } = foundation;
    const hostElements = { tpm: trust.view.uuid, certificates: trust.view.ekCertificateChain };
    // The owners are known once the subscriptions are open, which need the authorizer.
    let ownerOf = (_path: CimInstancePath): string | undefined => undefined;
    const scope = createScope(parts, domains, hostElements, (path) => ownerOf(path), jobs);
    const veil = scope.veil((user) => grants.of(user));
    const accounts = createAccountDesk(foundation);
    const view: HostView = {
      parts,
      domains,
      jobs,
      migrations,
      grants,
      accounts,
      hostBoot,
      hostTpm: trust.view,
      veil,
      namespace,
    };
    const adminSecret = await ensureAccount(foundation, 'admin', 'datacenter-admin');
    // Whoever may open the observers' socket may look, whatever the account is called.
    await foundation.grants.grant({ user: observer, role: 'observer', datacenter: null, domains: null });
    const authorizer = createRoleAuthorizer({
      grants,
      scope,
      rules: roleRules(parts, domains, hostElements, (path) => ownerOf(path), jobs),
      onDenied: recordDenials(parts),
    });
    const hostKeys = { CreationClassName: 'TVDC_HostSystem', Name: parts.identity.uuid };
    const assembled = await assemble(foundation, {
      product: 'tvdc',
      authorizer,
      providers: hostFace(view),
      listen: typeof options.listen === 'function' ? await options.listen() : options.listen,
      ...(options.hostNames === undefined ? {} : { hostNames: options.hostNames }),
      ...(options.destinations === undefined ? {} : { destinations: options.destinations }),
      ...(options.gzip === undefined ? {} : { gzip: options.gzip }),
      ...(options.providerFiles === undefined ? {} : { providerFiles: options.providerFiles }),
      centralInstance: createInstancePath('TVDC_HostSystem', hostKeys, { namespace }),
      profiles: virtualizationProfiles(view),
    });
    closers.push(() => assembled.close());
    ownerOf = (path) => assembled.ownerOf(path);
    const stopAlerts = startAlerts(view, {
      classOf: (name) => assembled.classOf(namespace, name),
      publish: (where, indication) => assembled.objectManager.publish(where, indication),
    });
    closers.push(async () => stopAlerts());
    await jobs.resume(jobHandlers(parts, domains, migrations));
    const stopMigrations = keepMigrations(migrations, parts.log);
    closers.push(stopMigrations);
    // First of all: what ends with it is still told.
    closers.push(() => jobs.close());
    closers.push(async () => peers.leave(options.closingPatience ?? closingPatience));
    return {
      foundation,
      parts,
      objectManager: assembled.objectManager,
      server: assembled.server,
      adminSecret,
      trustAnchor: trust.anchor,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
