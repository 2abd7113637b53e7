import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { type ExchangeRecorder, harCreator, type HarOptions, type RecordedExchange, toHarEntry } from './har.js';

const head = `{"log":{"version":"1.2","creator":${JSON.stringify(harCreator)},"entries":[`;
const tail = '\n]}}\n';

/**
 * A recording in a file, which holds a complete document after every exchange: whoever is stopped has what was recorded. The
 * file is for its owner alone (mode 0600); one that was there is replaced.
 * @throws the errors of node:fs
 */
export class HarFileRecorder implements ExchangeRecorder {
  readonly #options: HarOptions;
  readonly #file: number;
  #isEmpty = true;

  constructor(path: string, options: HarOptions = {}) {
    this.#options = options;
    rmSync(path, { force: true });
    this.#file = openSync(path, 'wx', 0o600);
    writeSync(this.#file, head + tail);
  }

  record(exchange: RecordedExchange): void {
    const entry = JSON.stringify(toHarEntry(exchange, this.#options));
    const at = fstatSync(this.#file).size - tail.length;
    writeSync(this.#file, `${this.#isEmpty ? '' : ','}\n${entry}${tail}`, at);
    this.#isEmpty = false;
  }

  close(): void {
    closeSync(this.#file);
  }
}
