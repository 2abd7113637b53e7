import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IsolationState } from '../../attestation/index.js';
import { policyDigests, samplePolicies } from '../../acm/index.js';
import { ConfigurationError, type Log, TvdcError } from '../../base/index.js';
import type { CimInstance } from '../../cim/index.js';
import {
  createHttpTransport,
  createIndicationListener,
  type IndicationListener,
  WbemClient,
} from '../../client/index.js';
import { ManagedHost } from '../../client/management/index.js';
import type { ServerListen } from '../../http/server/index.js';
import { ensureAccount } from '../foundation/index.js';
import { type ManagementVm, openManagementVm, type VtpmChoice } from '../management-vm/index.js';
import { defaultPolicies, openVerifierHost, type VerifierHost } from '../verifier/index.js';
import { showIntegrity } from './integrity.js';
import { showIsolation } from './isolation.js';
import type { DemoProgress, DemoReport } from './report.js';
import { subscribe } from './subscribe.js';

const namespace = 'root/tvdc';
const operatorName = 'operator';
const verifierName = 'verifier';
const alertPatience = 10_000;

export interface DemoOptions {
  /** Where the host keeps its state; null: a temporary folder that goes with the demonstration. */
  readonly folder: string | null;
  /** 0: any free port. */
  readonly httpPort: number;
  readonly vtpm: VtpmChoice;
  readonly log: Log;
}

/** A demonstration with its servers: they serve until it is closed. */
export interface Demo {
  readonly host: ManagementVm;
  readonly verifier: VerifierHost;
  /** Where the object managers are reached, with credentials that work. */
  readonly hostUrl: string;
  readonly verifierUrl: string;
  readonly adminSecret: string;
  readonly folder: string;
  run(progress: DemoProgress): Promise<DemoReport>;
  close(): Promise<void>;
}

function loopback(port: number): readonly ServerListen[] {
  return [{ kind: 'tcp', host: '127.0.0.1', port, authentication: 'basic' }];
}

function urlOf(server: { readonly addresses: readonly { readonly url: string }[] }): string {
  return server.addresses[0]?.url ?? '';
}

/** Keeps what a listener received, and lets others wait for it. */
class Inbox {
  readonly received: CimInstance[] = [];
  readonly #waiting = new Set<() => void>();

  put(indication: CimInstance): void {
    this.received.push(indication);
    for (const wake of this.#waiting) wake();
  }

  async wait(className: string, about: (alert: CimInstance) => boolean): Promise<CimInstance> {
    const find = (): CimInstance | undefined =>
      this.received.find((item) => item.className === className && about(item));
    const deadline = Date.now() + alertPatience;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) throw new TvdcError('no_alert', `no ${className} arrived within ${alertPatience / 1000} seconds`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }
}

/** The policy that the datacenter administrator enabled last, as the host has to state it in PCR 13. */
function expectedIsolation(): IsolationState {
  const document = samplePolicies['tvdc-sample 1.1'];
  return {
    policyName: document.name,
    policyVersion: document.version.text,
    documentSha256: policyDigests(document).sha256,
    systemLabel: 'HostMA',
  };
}

/** Starts host, verifier and listener of the demonstration. @throws ConfigurationError @throws StoreError */
export async function openDemo(options: DemoOptions): Promise<Demo> {
  if (options.folder !== null && existsSync(join(options.folder, 'tvdc.db'))) {
    throw new ConfigurationError(
      'data_folder',
      `${options.folder} holds a host already; the demonstration needs an empty folder`,
    );
  }
  const temporary = options.folder === null;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'tvdc-demo-')));
  const closers: (() => Promise<unknown>)[] = [];
  if (temporary) closers.push(() => rm(folder, { recursive: true, force: true }));
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const host = await openManagementVm({
      folder,
      name: 'demo-host',
      listen: loopback(options.httpPort),
      vtpm: options.vtpm,
      sample: true,
      log: options.log,
    });
    closers.push(() => host.close());
    const operatorSecret = await ensureAccount(host.foundation, operatorName, null);
    const verifierSecret = await ensureAccount(host.foundation, verifierName, 'observer');
    const { adminSecret } = host;
    if (adminSecret === null || operatorSecret === null || verifierSecret === null) {
      throw new TvdcError('no_secret', `the accounts of ${folder} have no secrets on file; use an empty folder`);
    }
    const hostUrl = urlOf(host.server);
    const verifier = await openVerifierHost({
      folder: join(folder, 'verifier'),
      name: 'demo-verifier',
      anchors: [{ certificate: host.trustAnchor, assurance: 'simulated' }],
      listen: loopback(0),
      log: options.log,
    });
    closers.push(() => verifier.close());
    const verifierUrl = urlOf(verifier.server);
    const clientOf = (url: string, user: string, password: string): WbemClient => {
      const transport = createHttpTransport({ url, user, password });
      closers.push(() => transport.close());
      return new WbemClient(transport, { namespace });
    };
    await verifier.watch({
      client: clientOf(hostUrl, verifierName, verifierSecret),
      policies: defaultPolicies(expectedIsolation()),
    });
    const inbox = new Inbox();
    const listener: IndicationListener = await createIndicationListener({
      onIndication: ({ indication }) => inbox.put(indication),
    });
    closers.push(() => listener.close());

    const admin = new ManagedHost(clientOf(hostUrl, 'admin', adminSecret), namespace);
    const verifierClient = clientOf(verifierUrl, 'admin', verifier.adminSecret ?? '');
    const run = async (progress: DemoProgress): Promise<DemoReport> => {
      await subscribe(admin.client, 'TVDC_IsolationAlert', listener.url, namespace);
      await subscribe(verifierClient, 'TVDC_IntegrityAlert', listener.url, namespace);
      const operator = new ManagedHost(clientOf(hostUrl, operatorName, operatorSecret), namespace);
      const isolation = await showIsolation({ admin, operator, operatorName }, progress);
      const integrity = await showIntegrity(
        { host: admin, verifierClient, verifier, waitForAlert: (className, about) => inbox.wait(className, about) },
        progress,
      );
      const steps = [...isolation, ...integrity.steps];
      return {
        ok: steps.every((step) => step.asExpected),
        steps,
        verdicts: integrity.verdicts,
        alerts: inbox.received.map((item) => ({
          className: item.className,
          messageId: item.getString('MessageID') ?? '',
          message: item.getString('Message') ?? '',
        })),
      };
    };
    return { host, verifier, hostUrl, verifierUrl, adminSecret, folder, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}
