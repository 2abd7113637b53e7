/** Size of the pieces in which a large answer leaves. */
export const batchSize = 64 * 1024;

const mostFree = 64;
const free: Buffer[] = [];
const lent = new WeakSet<ArrayBufferLike>();

/** A buffer of `batchSize` with any content. */
export function takeSlab(): Buffer {
  const slab = free.pop() ?? Buffer.allocUnsafeSlow(batchSize);
  lent.add(slab.buffer);
  return slab;
}

/** Whether a piece is part of a slab, which is not to be kept. */
export function isLent(piece: Buffer): boolean {
  return lent.has(piece.buffer);
}

/**
 * Takes back the memory of a piece of an answer that has left, so that the next one need not fetch fresh pages. Nobody may
 * look at the piece afterwards. What never comes back is collected; what is not from here is left alone.
 */
export function recycle(piece: Buffer): void {
  if (lent.delete(piece.buffer) && free.length < mostFree) free.push(Buffer.from(piece.buffer));
}
