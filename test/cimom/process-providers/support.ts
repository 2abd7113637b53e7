import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryLog } from '../../../src/base/index.js';
import {
  createProviderProcess,
  type ProcessLimits,
  type ProviderProcess,
  type ServedClass,
} from '../../../src/cimom/process-providers/index.js';
import { createWorld, namespace, type World } from '../support/world.js';

export const served: ServedClass = {
  className: 'TST_Host',
  namespaces: [namespace],
  operations: ['enumerate', 'get', 'create', 'modify', 'delete', 'query'],
  methods: ['Start', 'Stop'],
};

export interface ProcessWorld extends World {
  readonly process: ProviderProcess;
  readonly log: MemoryLog;
}

/** Worlds whose provider of TST_Host is a program, and what has to be cleared away after a test. */
export class Processes {
  readonly folder = mkdtempSync(join(tmpdir(), 'tvdc-provider-'));
  readonly #open: ProviderProcess[] = [];

  /** @param body of the function that answers a request: JavaScript, with `params`, `method`, `id`, `send`, `fs` */
  program(body: string): readonly [string, string] {
    const file = join(this.folder, `program-${Math.random().toString(36).slice(2)}.mjs`);
    writeFileSync(
      file,
      `import fs from 'node:fs';
import { createInterface } from 'node:readline';
const state = {};
const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const host = (Name, more = {}) => ({ class: 'TST_Host', properties: { Name, ...more } });
const answer = async (id, method, params) => { ${body} };
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  Promise.resolve(answer(id, method, params)).then((result) => {
    if (id !== undefined && result !== undefined) send({ id, result });
  });
}
`,
    );
    return [process.execPath, file];
  }

  async world(
    command: readonly [string, ...string[]],
    limits: Partial<ProcessLimits> = {},
    classes: readonly ServedClass[] = [served],
  ): Promise<ProcessWorld> {
    return this.worldAt({ kind: 'command', command, folder: this.folder, environment: {} }, limits, classes);
  }

  async worldAt(
    place: Parameters<typeof createProviderProcess>[0]['place'],
    limits: Partial<ProcessLimits> = {},
    classes: readonly ServedClass[] = [served],
  ): Promise<ProcessWorld> {
    const log = new MemoryLog();
    const provider = createProviderProcess({ name: 'test', place, classes, limits, log });
    this.#open.push(provider);
    const world = await createWorld({ providers: provider.providers });
    return { ...world, log, process: provider };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((provider) => provider.close()));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
