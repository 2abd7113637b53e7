import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStore } from '../../src/store/index.js';
import { createEmbeddedHypervisor, createEmbeddedNetwork, createEmbeddedStorage } from '../../src/vmm/index.js';
import { describeHypervisor, describeNetwork, describeStorage } from './support/driver-contracts.js';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

describeHypervisor('embedded', async () => {
  const store = createMemoryStore();
  return { driver: createEmbeddedHypervisor(store), reopen: async () => createEmbeddedHypervisor(store) };
});

describeNetwork('embedded', async () => createEmbeddedNetwork());

describeStorage('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tvdc-storage-'));
  folders.push(folder);
  const pathOf = (resource: string): string => resource.replace(/^file:/, '');
  return {
    storage: createEmbeddedStorage(join(folder, 'volumes')),
    write: async (resource, text) => {
      const file = await open(pathOf(resource), 'r+');
      await file.write(text, 0);
      await file.close();
    },
    read: (resource) => readFile(pathOf(resource)),
  };
});
