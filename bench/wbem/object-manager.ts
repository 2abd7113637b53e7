// The process that is measured: our object manager with accounts, roles and journal over a store on disk.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '../../src/base/index.js';
import type { CimInstance } from '../../src/cim/model/index.js';
import {
  createAccounts,
  createGrants,
  createObjectManager,
  createRoleAuthorizer,
  type Provider,
} from '../../src/cimom/index.js';
import { createRepository } from '../../src/cimom/repository/index.js';
import { createFront } from '../../src/host/front/index.js';
import { createJournal, openSqliteStore } from '../../src/store/index.js';
import { fill, item, namespaces, providedClass } from './data.js';
import { account, type Report } from './process.js';

/** Makes its instances afresh for every caller, as providers over a changing world do. */
const provider: Provider = {
  className: providedClass,
  namespaces: [namespaces.usual],
  async *enumerate({ classes }) {
    const cls = classes.get(providedClass);
    for (let at = 0; at < 1000; at += 100) {
      yield Array.from({ length: 100 }, (_, offset): CimInstance => item(cls, at + offset));
    }
  },
};

function tell(report: Report): void {
  process.send?.(report);
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const store = openSqliteStore(join(folder, 'data'));
  const repository = createRepository(store);
  for (const [name, count] of [
    [namespaces.usual, 1000],
    [namespaces.large, 10_000],
    [namespaces.huge, 100_000],
  ] as const) {
    await fill(await repository.createNamespace(name), count);
  }
  const accounts = createAccounts(store);
  const grants = createGrants(store);
  await accounts.create(account.user, account.secret);
  await grants.grant({ user: account.user, role: 'datacenter-admin', datacenter: null, domains: null });
  const hostNames = ['localhost', '127.0.0.1'];
  const objectManager = createObjectManager({
    repository,
    authorizer: createRoleAuthorizer({
      grants,
      scope: { isVisible: () => false, isDeliverable: () => false },
      rules: [],
    }),
    providers: [provider],
    hostNames,
    journal: createJournal(store, { host: 'bench', clock: systemClock }),
  });
  const server = await createFront({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    objectManager,
    accounts,
    hostNames,
    log: silentLog,
  });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell({ kind: 'usage', cpu: (user + system) / 1000, resident: process.memoryUsage.rss() });
  });
  process.once('disconnect', () => {
    void (async () => {
      await server.close(0);
      await objectManager.shutdown();
      await store.close();
      process.exit();
    })();
  });
  tell({ kind: 'ready', port: server.addresses[0]?.port ?? 0 });
}

await main();
