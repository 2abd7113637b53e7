import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSimulation, decisionRecord, SimulationEventError } from '../../acm/index.js';
import { messageOf } from '../../base/index.js';
import { outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { readText } from '../files.js';
import { print, type Streams, toJson, writeRecords } from '../output/index.js';
import { modeOf, readValidDocument } from './policy-document.js';

interface Options {
  readonly compat?: string;
  readonly output?: string;
}

interface PlacedEvent {
  readonly event: unknown;
  readonly place: string;
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`${place}: not JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
}

/** The events of a file: a JSON array, or one object a line. @throws UsageError naming the place */
function readEvents(file: string): readonly PlacedEvent[] {
  const text = readText(file).replace(/^\ufeff/, '');
  if (text.trimStart().startsWith('[')) {
    return (parseJson(text, file) as unknown[]).map((event, at) => ({ event, place: `${file}, event ${at + 1}` }));
  }
  return text.split(/\r?\n/).flatMap((line, at) => {
    const place = `${file}, line ${at + 1}`;
    return line.trim() === '' ? [] : [{ event: parseJson(line, place), place }];
  });
}

/**
 * The document behind `update_policy`: in the event itself, or in a file that it names, from here or from beside the events.
 */
function withPolicyFile(event: unknown, eventsFile: string): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const { op, policy } = event as { readonly op?: unknown; readonly policy?: unknown };
  if (op !== 'update_policy' || typeof policy !== 'string' || /^[\s\ufeff]*[<{]/.test(policy)) return event;
  const beside = resolve(dirname(eventsFile), policy);
  return { ...event, policy: readText(!existsSync(policy) && existsSync(beside) ? beside : policy) };
}

/** `tvdc policy simulate POLICY EVENTS`: a decision for each event. @throws Exit 1 where the policy is not valid */
export async function simulatePolicy(
  streams: Streams,
  policyFile: string,
  eventsFile: string,
  options: Options,
): Promise<void> {
  const form = outputForm(options, ['ndjson', 'json', 'table']);
  const mode = modeOf(options);
  const simulation = createSimulation(readValidDocument(streams, policyFile, mode), { mode });
  const records = [];
  for (const { event, place } of readEvents(eventsFile)) {
    try {
      const record = decisionRecord(simulation.apply(withPolicyFile(event, eventsFile)));
      if (form === 'ndjson') await print(streams, `${toJson(record)}\n`);
      else records.push(record);
    } catch (error) {
      if (error instanceof SimulationEventError || error instanceof UsageError)
        throw new UsageError(`${place}: ${error.message}`);
      throw error;
    }
  }
  if (form === 'ndjson') return;
  const numbers = new Map(records.map((record, at) => [record, String(at + 1)]));
  await writeRecords(streams, form, records, [
    ['#', (record) => numbers.get(record) ?? ''],
    ['DECISION', (record) => record.decision],
    ['REASON', (record) => record.reason],
    ['SENTENCE', (record) => record.sentence],
  ]);
}
