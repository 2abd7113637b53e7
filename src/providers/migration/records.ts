import { CimDateTime } from '../../cim/index.js';
import type { Provider } from '../../cimom/index.js';
import { type Migration, type PastMigration, pastMigrations } from '../../vmm/index.js';
import { elementFacts, type HostView, listProvider, type Values } from '../kit/index.js';

const directions = { out: 2, in: 3 } as const;

function values(
  { id, direction, peer }: Pick<Migration, 'id' | 'direction' | 'peer'>,
  more: { readonly vm: string; readonly name: string; readonly phase: string; readonly time: number },
): Values {
  const way = direction === 'out' ? 'to' : 'from';
  return {
    InstanceID: `TVDC:migration:${more.vm}:${id}`,
    ...elementFacts(`${more.name} ${way} ${peer}: ${more.phase}`),
    Direction: directions[direction],
    Phase: more.phase,
    Peer: peer,
    SystemUUID: more.vm,
    Time: CimDateTime.fromUnix(more.time),
  };
}

function ofPast(past: PastMigration): Values {
  return values(past, { vm: past.vm, name: past.name, phase: past.end, time: past.ended });
}

function ofOpen(migration: Migration): Values {
  const { vm, phase, begun } = migration;
  return values(migration, { vm: vm.uuid, name: vm.name, phase, time: begun });
}

/** TVDC_MigrationRecord: migrations under way, and the last of those that are over. */
export function migrationRecordProvider({ parts, namespace }: HostView): Provider {
  return listProvider({
    className: 'TVDC_MigrationRecord',
    namespace,
    *rows(): Iterable<Values> {
      for (const migration of parts.inventory.migrations()) yield ofOpen(migration);
      for (const past of pastMigrations(parts.store)) if (past.vm !== '') yield ofPast(past);
    },
    values: (row) => row,
  });
}
