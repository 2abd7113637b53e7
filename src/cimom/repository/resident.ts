import type { CimInstance, CimInstancePath } from '../../cim/model/index.js';
import { compareKeys } from '../../store/index.js';

export interface ResidentRun {
  readonly texts: readonly string[];
  readonly instances: readonly CimInstance[];
  readonly bytes: number;
}

export const residentBatch = 128;

/**
 * All instances of a class in memory, in batches in the order of their keys. A batch is a frozen array: a write puts another one
 * in its place, so that walks keep what they began with and the encoder may remember a batch's bytes.
 */
export class Resident {
  #runs: readonly ResidentRun[];
  #batches: readonly (readonly CimInstance[])[] | null = null;

  constructor(runs: readonly ResidentRun[]) {
    this.#runs = runs;
  }

  get bytes(): number {
    return this.#runs.reduce((sum, run) => sum + run.bytes, 0);
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0;
  }

  batches(): readonly (readonly CimInstance[])[] {
    this.#batches ??= this.#runs.map((run) => Object.freeze(run.instances));
    return this.#batches;
  }

  find(text: string): CimInstance | undefined {
    const run = this.#runs[this.#runOf(text)];
    if (run === undefined) return undefined;
    const at = placeOf(run.texts, text);
    return run.texts[at] === text ? run.instances[at] : undefined;
  }

  /** @param instance null: it was deleted */
  apply(text: string, instance: CimInstance | null, bytes: number): void {
    const index = this.#runOf(text);
    const run = this.#runs[index] ?? { texts: [], instances: [], bytes: 0 };
    const at = placeOf(run.texts, text);
    const present = run.texts[at] === text ? 1 : 0;
    if (instance === null && present === 0) return;
    const texts = [...run.texts];
    const instances = [...run.instances];
    if (instance === null) {
      texts.splice(at, 1);
      instances.splice(at, 1);
    } else {
      texts.splice(at, present, text);
      instances.splice(at, present, instance);
    }
    const share = run.texts.length === 0 ? 0 : run.bytes / run.texts.length;
    const total = instance === null ? run.bytes - share : run.bytes - present * share + bytes;
    const runs = [...this.#runs];
    runs.splice(index, 1, ...split({ texts, instances, bytes: total }));
    this.#runs = runs;
    this.#batches = null;
  }

  #runOf(text: string): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#runs[middle]?.texts[0] ?? '', text) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const names = new WeakMap<readonly CimInstance[], readonly CimInstancePath[]>();

/** Names of a batch; the same array for the same frozen batch. */
export function namesOf(batch: readonly CimInstance[]): readonly CimInstancePath[] {
  const known = names.get(batch);
  if (known !== undefined) return known;
  const made = batch.map((instance) => instance.path as CimInstancePath);
  if (Object.isFrozen(batch)) names.set(batch, Object.freeze(made));
  return made;
}

function split(run: ResidentRun): ResidentRun[] {
  const { texts, instances, bytes } = run;
  if (texts.length === 0) return [];
  if (texts.length <= residentBatch) return [run];
  const half = texts.length >> 1;
  return [
    { texts: texts.slice(0, half), instances: instances.slice(0, half), bytes: bytes / 2 },
    { texts: texts.slice(half), instances: instances.slice(half), bytes: bytes / 2 },
  ];
}

function placeOf(texts: readonly string[], text: string): number {
  let low = 0;
  let high = texts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(texts[middle] as string, text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
