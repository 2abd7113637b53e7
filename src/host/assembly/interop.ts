import type { CimInstancePath } from '../../cim/index.js';
import type { ObjectManager, Provider } from '../../cimom/index.js';
import type { IndicationService } from '../../cimom/indications/subscriptions/index.js';
import type { Foundation } from '../foundation/index.js';

export interface InteropOptions {
  readonly product: string;
  readonly service: IndicationService;
  readonly centralInstance: CimInstancePath;
  readonly objectManager: ObjectManager;
  readonly addresses: () => readonly { readonly url: string }[];
}

/** The object manager's description of itself in root/interop. */
export function interopFace(_foundation: Foundation, _options: InteropOptions): readonly Provider[] {
  return [];
}
