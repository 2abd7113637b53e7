// A process that writes until it is killed: it says on standard output what was acknowledged to it.
import { writeSync } from 'node:fs';
import { createJournal, openSqliteStore } from '../../src/store/index.js';

const [folder = '', first = '0'] = process.argv.slice(2);
const store = openSqliteStore(folder);
const journal = createJournal(store, { host: 'writer' });
const writers = 8;

writeSync(1, `ready ${process.pid}\n`);

async function write(writer: number): Promise<never> {
  for (let count = Number(first); ; count++) {
    const key = `${writer}/${String(count).padStart(9, '0')}`;
    await store.transaction((tx) => {
      tx.put('vmm', key, `value of ${key}`);
      tx.put('acm', key, `value of ${key}`);
      journal.append(tx, { kind: 'write', actor: 'writer', subject: key });
    });
    writeSync(1, `done ${key}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
