import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteReferences } from '../../attestation/index.js';
import { checkReadiness, type HostReadiness } from '../../client/management/index.js';
import { connect, type ConnectionOptions, namespaceOf, outputForm } from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { type Columns, print, type Streams, toJson, writeRecords } from '../output/index.js';
import { verifierFolder } from './verifier-folder.js';

export interface ReadyOptions extends ConnectionOptions {
  readonly state?: string;
  readonly set: string;
}

/** What the verifier's database knows of our package helps to tell our files; without one they are told by their names. */
async function readinessOf({ state, set, ...options }: ReadyOptions): Promise<HostReadiness> {
  const client = await connect(options);
  const file = join(verifierFolder(state), 'references.db');
  if (!existsSync(file)) return checkReadiness(client, namespaceOf(options));
  const references = openSqliteReferences(file);
  try {
    const known = (await references.sets()).some(({ name }) => name === set);
    return await checkReadiness(client, namespaceOf(options), known ? { references, sets: [set] } : null);
  } finally {
    await references.close();
  }
}

/** Shows what a host lacks to be attested; status 1 where something is missing. */
export async function showReadiness(streams: Streams, options: ReadyOptions): Promise<void> {
  const found = await readinessOf(options);
  const form = outputForm(options);
  const columns: Columns<(typeof found.items)[number]> = [
    ['REQUIREMENT', (item) => item.name],
    ['READY', (item) => (item.ready ? 'yes' : 'no')],
    ['DETAIL', (item) => item.detail],
  ];
  if (form === 'json') await print(streams, `${toJson(found, 2)}\n`);
  else await writeRecords(streams, form, found.items, columns);
  if (found.missing.length > 0) throw new Exit(exitStatus.no);
}
