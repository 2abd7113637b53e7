import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createSeededRandomness, ManualClock, MemoryLog } from '../../../src/base/index.js';
import { builtinMofFiles, compileMofStrictly, createMapLoader } from '../../../src/cim/mof/index.js';
import { type CimInstance, type CimInstancePath, type CimValue, createInstance } from '../../../src/cim/model/index.js';
import type { CimRequest, ResultOf } from '../../../src/cim/operations/index.js';
import {
  type Authorizer,
  type Caller,
  createObjectManager,
  type ObjectManager,
  openAuthorizer,
  systemCaller,
} from '../../../src/cimom/index.js';
import {
  createSubscriptions,
  type Subscriptions,
  type SubscriptionsOptions,
} from '../../../src/cimom/indications/subscriptions/index.js';
import { ensureRootNamespace, type InteropOptions, interopProviders } from '../../../src/cimom/interop/index.js';
import { createRepository, type Repository } from '../../../src/cimom/repository/index.js';
import { createJournal, createMemoryStore, type Journal, type Store } from '../../../src/store/index.js';

const mofFolder = join(import.meta.dirname, '../../../mof');
export const interop = 'root/interop';
export const systemName = '5f0c9a52-3e0e-4a6e-9d7b-8f0a52c1d001';

let shipped: ReadonlyMap<string, string> | null = null;

function shippedMof(): ReadonlyMap<string, string> {
  if (shipped !== null) return shipped;
  const files = new Map<string, string>();
  for (const entry of readdirSync(mofFolder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.mof')) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(mofFolder, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
  }
  shipped = files;
  return files;
}

/** Alerts and stored notes, as a product of others would define them. */
const eventMof = `
#pragma include ("qualifiers.mof")
#pragma include ("cim/core.mof")
#pragma include ("cim/indications.mof")
[Indication] class TST_Alert : CIM_AlertIndication { uint32 Number; };
class TST_Note : CIM_ManagedElement { [Key, Override("InstanceID")] string InstanceID; uint32 Stars; };
`;

async function openRepository(store: Store): Promise<Repository> {
  const repository = createRepository(store);
  if (repository.hasNamespace(interop)) return repository;
  const loader = createMapLoader(shippedMof());
  const load = async (namespace: string, file: string | { readonly name: string; readonly text: string }) => {
    for (const unit of compileMofStrictly(loader, [file], { namespace }).namespaces) {
      const space = await repository.createNamespace(unit.name);
      await space.importSchema(unit);
    }
  };
  await load(interop, builtinMofFiles[interop]);
  await load('root/events', { name: 'events.mof', text: eventMof });
  await ensureRootNamespace(repository);
  return repository;
}

/** An object manager with the shipped interop classes, its description of itself and its subscriptions. */
export interface InteropWorld {
  readonly store: Store;
  readonly repository: Repository;
  readonly manager: ObjectManager;
  readonly subscriptions: Subscriptions;
  readonly journal: Journal;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  run<R extends CimRequest>(request: R, caller?: Caller): Promise<ResultOf<R>>;
  make(className: string, values: Readonly<Record<string, CimValue>>, namespace?: string): CimInstance;
  create(className: string, values: Readonly<Record<string, CimValue>>, caller?: Caller): Promise<CimInstancePath>;
  alert(number: number): void;
  close(): Promise<void>;
}

export interface InteropWorldOptions {
  readonly store?: Store;
  readonly authorizer?: Authorizer;
  readonly subscriptions?: Partial<SubscriptionsOptions>;
  readonly interop?: Partial<InteropOptions>;
  readonly clock?: ManualClock;
}

export async function createInteropWorld(options: InteropWorldOptions = {}): Promise<InteropWorld> {
  const store = options.store ?? createMemoryStore();
  const clock = options.clock ?? new ManualClock(1_700_000_000_000);
  const log = new MemoryLog();
  const authorizer = options.authorizer ?? openAuthorizer;
  const repository = await openRepository(store);
  const journal = createJournal(store, { host: systemName, clock });
  const subscriptions = await createSubscriptions({
    repository,
    store,
    authorizer,
    journal,
    deliver: async () => undefined,
    systemName,
    settings: { deliveryRetryInterval: 0.002 },
    clock,
    log,
    ...options.subscriptions,
  });
  const manager = createObjectManager({
    repository,
    authorizer,
    hostNames: ['host.example'],
    journal,
    sink: subscriptions,
    clock,
    log,
    randomness: createSeededRandomness('interop'),
    providers: [
      ...subscriptions.providers,
      ...interopProviders({
        repository,
        systemName,
        productName: 'tvdc',
        version: '1.2.3',
        addresses: () => [{ url: 'http://host.example:5988' }, { url: 'https://host.example:5989' }],
        profiles: [],
        indications: subscriptions.service,
        journal,
        clock,
        ...options.interop,
      }),
    ],
  });
  const make: InteropWorld['make'] = (className, values, namespace = interop) => {
    const cls = repository.space(namespace)?.schema.get(className);
    if (cls === undefined) throw new Error(`no class ${className}`);
    return createInstance(cls, values);
  };
  const run: InteropWorld['run'] = (request, caller = systemCaller) => manager.execute(caller, request);
  return {
    store,
    repository,
    manager,
    subscriptions,
    journal,
    clock,
    log,
    run,
    make,
    async create(className, values, caller) {
      const request = { kind: 'CreateInstance', namespace: interop, newInstance: make(className, values) } as const;
      return (await run(request, caller)).path;
    },
    alert(number) {
      const values = { AlertType: 8, PerceivedSeverity: 2, ProbableCause: 1, Number: number };
      manager.publish('root/events', make('TST_Alert', values, 'root/events'));
    },
    async close() {
      await manager.shutdown();
      await subscriptions.close();
    },
  };
}
