import type { CimInstance } from '../../cim/model/index.js';

/**
 * Where an indication stands among those of its sender (DSP1054 SequenceContext, SequenceNumber). `none`: it has no
 * number; `first`: of a context not seen before; `next`: in order; `gap`: `missing` before it did not come; `late`: one of those,
 * after all; `duplicate`: seen already.
 */
export type SequencePlace =
  | { readonly kind: 'none' | 'first' | 'next' | 'late' | 'duplicate' }
  | { readonly kind: 'gap'; readonly missing: bigint };

interface Context {
  last: bigint;
  readonly missing: Set<bigint>;
}

const mostContexts = 1000;
const mostMissing = 1000;
const largestNumber = 0x7fff_ffff_ffff_ffffn;

/** Remembers what came from each sender, within bounds. */
export class SequenceTracker {
  readonly #contexts = new Map<string, Context>();

  place(indication: CimInstance): SequencePlace {
    const name = indication.getString('SequenceContext');
    const number = indication.get('SequenceNumber');
    if (name === null || typeof number !== 'bigint') return { kind: 'none' };
    const context = this.#contexts.get(name);
    if (context === undefined) {
      this.#add(name, { last: number, missing: new Set() });
      return { kind: 'first' };
    }
    return follow(context, number);
  }

  #add(name: string, context: Context): void {
    if (this.#contexts.size >= mostContexts) {
      const oldest = this.#contexts.keys().next();
      if (oldest.done !== true) this.#contexts.delete(oldest.value);
    }
    this.#contexts.set(name, context);
  }
}

function follow(context: Context, number: bigint): SequencePlace {
  const expected = context.last === largestNumber ? 0n : context.last + 1n;
  if (number === expected) {
    context.last = number;
    return { kind: 'next' };
  }
  if (number < expected) return { kind: context.missing.delete(number) ? 'late' : 'duplicate' };
  for (let lost = expected; lost < number && context.missing.size < mostMissing; lost++) context.missing.add(lost);
  context.last = number;
  return { kind: 'gap', missing: number - expected };
}
