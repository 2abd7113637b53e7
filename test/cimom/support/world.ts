import { createSeededRandomness, ManualClock, MemoryLog } from '../../../src/base/index.js';
import { compileMofStrictly, createMapLoader } from '../../../src/cim/mof/index.js';
import type { CimRequest, ResultOf } from '../../../src/cim/operations/index.js';
import {
  type Caller,
  createObjectManager,
  type ObjectManager,
  type ObjectManagerOptions,
  openAuthorizer,
  systemCaller,
} from '../../../src/cimom/index.js';
import { createRepository, type Repository } from '../../../src/cimom/repository/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';
import { testMof } from './schema.mof.js';

/** An object manager over a store in memory, with the test model in three namespaces. */
export interface World {
  readonly manager: ObjectManager;
  readonly repository: Repository;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  /** As the host itself. */
  run<R extends CimRequest>(request: R): Promise<ResultOf<R>>;
  as<R extends CimRequest>(caller: Caller, request: R): Promise<ResultOf<R>>;
}

export const namespace = 'root/test';

export async function createWorld(
  options: Partial<ObjectManagerOptions> = {},
  store: Store = createMemoryStore(),
): Promise<World> {
  const repository = createRepository(store);
  for (const name of [namespace, 'root/other', 'root/interop']) {
    const space = await repository.createNamespace(name);
    const compiled = compileMofStrictly(createMapLoader(new Map()), [{ name: 'test.mof', text: testMof }], {
      namespace: name,
    });
    for (const { qualifierTypes, classes } of compiled.namespaces)
      await space.importSchema({ qualifierTypes, classes });
  }
  const clock = new ManualClock(1_700_000_000_000);
  const log = new MemoryLog();
  const manager = createObjectManager({
    repository,
    authorizer: openAuthorizer,
    hostNames: ['host.example', '127.0.0.1'],
    clock,
    log,
    randomness: createSeededRandomness('world'),
    ...options,
  });
  return {
    manager,
    repository,
    store,
    clock,
    log,
    run: (request) => manager.execute(systemCaller, request),
    as: (caller, request) => manager.execute(caller, request),
  };
}
