import type { CimInstance } from '../../cim/model/index.js';
import { ByteCache } from './byte-cache.js';
import type { Resident } from './resident.js';
import { SecondMiss } from './second-miss.js';

/** What the namespaces of a repository keep in memory, under one budget of bytes. */
export class InstanceCache {
  readonly instances: ByteCache<CimInstance>;
  /** Whole classes by their number. */
  readonly residents: ByteCache<Resident>;
  readonly misses = new SecondMiss();
  readonly residentLimit: number;

  constructor(bytes: number) {
    this.instances = new ByteCache(bytes / 2);
    this.residents = new ByteCache(bytes / 2);
    this.residentLimit = bytes / 4;
  }

  clear(): void {
    this.instances.clear();
    this.residents.clear();
  }
}

/** Memory that an instance takes, by the length of its stored text; measured for classes of ten properties. */
export function bytesOf(text: string): number {
  return 320 + 2 * text.length;
}
