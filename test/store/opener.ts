// Opens a folder and says how that went: a code and the folder that the message names.
import { openSqliteStore, StoreError } from '../../src/store/index.js';

const folder = process.argv[2] ?? '';
try {
  await openSqliteStore(folder).close();
  process.stdout.write('opened\n');
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  process.stdout.write(`${error.code} ${error.message.startsWith(folder) ? folder : error.message}\n`);
}
