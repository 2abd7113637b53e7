import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../base/index.js';
import type { DataMaintenance } from '../../cimom/schema-service/index.js';
import { type SqliteStore, StoreError } from '../../store/index.js';

/** Where a running host puts the backups that are asked for over the wire. */
export function backupFolder(folder: string): string {
  return join(folder, 'backups');
}

/** Backups into a folder of the data folder, which its owner alone can read. */
export function createMaintenance(store: SqliteStore): DataMaintenance {
  const folder = backupFolder(store.folder);
  return {
    async backup(name) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw new StoreError('store_unreadable', `${folder} cannot be used: ${messageOf(error)}`, { cause: error });
      }
      const file = join(folder, name);
      await store.backupTo(file);
      return file;
    },
    compact: () => store.compact(),
  };
}
