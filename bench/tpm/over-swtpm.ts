import { rmSync } from 'node:fs';
import { akEccTemplate, akRsaTemplate, createTpmClient, parsePcrSelection } from '../../src/tpm/index.js';
import type { VtpmDriver } from '../../src/vtpm/drivers/index.js';
import { startPlainSwtpm } from './plain-swtpm.js';

type Print = (what: string, value: number, unit: string) => void;
type Work = () => Promise<unknown>;

const starts = 40;
const power = { resume: false, afterCrash: 'stay', onCrash: () => undefined } as const;
const median = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] as number;

/** In turns: what disturbs meets both. */
async function inTurns(rounds: number, plain: Work, ours: Work): Promise<readonly [number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let n = -Math.min(rounds, 200); n < rounds; n++) {
    for (const [which, work] of [plain, ours].entries()) {
      const start = performance.now();
      await work();
      if (n >= 0) times[which]?.push(performance.now() - start);
    }
  }
  return [median(times[0]), median(times[1])];
}

function told(print: Print, what: string, [plain, ours]: readonly [number, number]): void {
  print(`swtpm alone: ${what}`, plain, 'ms (median)');
  print('  by the typed client and the driver', ours, 'ms (median)');
  print('  which is more by', ((ours - plain) / plain) * 100, '%');
}

/** What an instance costs over swtpm alone: the same frames to a plain process, and by the typed client to one that is driven. */
export async function overSwtpm(driver: VtpmDriver, name: string, rounds: number, print: Print): Promise<void> {
  const plain = await startPlainSwtpm();
  const powered = await driver.power(name, power);
  let frame = new Uint8Array(0);
  const client = createTpmClient({
    transmit(command) {
      frame = Uint8Array.from(command);
      return powered.transport.transmit(command);
    },
    close: () => Promise.resolve(),
  });
  await client.startup('clear');
  const plainClient = createTpmClient({ transmit: plain.transmit, close: () => Promise.resolve() });
  const keys: number[] = [];
  for (const template of [akEccTemplate, akRsaTemplate()]) {
    const key = await client.createPrimary('endorsement', template);
    const same = await plainClient.createPrimary('endorsement', template);
    if (key.handle !== same.handle) throw new Error('the same key has another handle in the other TPM');
    keys.push(key.handle);
  }
  const [ecc, rsa] = keys as [number, number];
  const digests = [
    { algorithm: 'sha1', digest: new Uint8Array(20) },
    { algorithm: 'sha256', digest: new Uint8Array(32) },
  ] as const;
  const eight = parsePcrSelection('sha256:0-7');
  const nine = parsePcrSelection('sha256:0-8');
  const works: readonly (readonly [string, number, Work])[] = [
    ['extend, two banks', rounds, () => client.pcrExtend(10, digests)],
    ['read eight PCRs', rounds, () => client.pcrRead(eight)],
    ['ECC quote', rounds / 2, () => client.quote(ecc, new Uint8Array(32), nine)],
    ['RSA quote', rounds / 10, () => client.quote(rsa, new Uint8Array(32), nine)],
  ];
  for (const [what, count, work] of works) {
    await work();
    const sent = frame;
    told(print, what, await inTurns(count, () => plain.transmit(sent), work));
  }
  for (const handle of keys) await client.flushContext(handle);
  await client.shutdown('clear');
  await powered.stop();
  await plain.stop();

  const startPlain = async (): Promise<void> => (await startPlainSwtpm(plain.state)).stop();
  const startOurs = async (): Promise<void> => {
    const again = await driver.power(name, power);
    const session = createTpmClient(again.transport);
    await session.startup('clear');
    await session.shutdown('clear');
    await again.stop();
  };
  told(print, 'start and stop', await inTurns(starts, startPlain, startOurs));
  rmSync(plain.state, { recursive: true });
}
