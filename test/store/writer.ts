// A process that writes until it is killed: it says on standard output what was acknowledged to it.
import { writeSync } from 'node:fs';
import { createJournal, openSqliteStore } from '../../src/store/index.js';

const [folder = '', first = '0'] = process.argv.slice(2);
const store = openSqliteStore(folder);
const journal = createJournal(store, { host: 'writer' });
const writers = 8;

const pause = new Int32Array(new SharedArrayBuffer(4));

// A reader that is slow leaves the pipe full: what was acknowledged must still be said.
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

say(`ready ${process.pid}`);

async function write(writer: number): Promise<never> {
  for (let count = Number(first); ; count++) {
    const key = `${writer}/${String(count).padStart(9, '0')}`;
    await store.transaction((tx) => {
      tx.put('vmm', key, `value of ${key}`);
      tx.put('acm', key, `value of ${key}`);
      journal.append(tx, { kind: 'write', actor: 'writer', subject: key });
    });
    say(`done ${key}`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
