import { systemRandomness } from '../../src/base/index.js';
import { createMemoryStore } from '../../src/store/index.js';
import { createSealer, createStateVault, type StateVault } from '../../src/vtpm/state/index.js';

/** A vault for states of TPMs that ends with the test. */
export function memoryVault(): StateVault {
  return createStateVault(createMemoryStore(), createSealer(systemRandomness.bytes(32), systemRandomness));
}
