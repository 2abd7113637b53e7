import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/**
 * Unpacks a stream while it arrives, with as much memory as one piece takes. What the source throws is thrown, and so is an
 * end that comes too early (`Z_BUF_ERROR`) or something that is not gzip (`Z_DATA_ERROR`).
 */
export async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  // Its failure is the unpacker's, which is read below.
  void pipeline(source, gunzip).catch(() => undefined);
  try {
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    // Not waited for: a source that hangs would hold up whoever lost interest.
    gunzip.destroy();
  }
}
