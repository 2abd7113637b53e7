import { toHex } from '../../base/index.js';
import { type CimInstance, createInstance, stringKey } from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import { decodeImaFields, decodeImaLog, type ImaEntry } from '../../tpm/logs/index.js';
import { associationProvider, elementFacts, type HostView, type Link, Paths } from '../kit/index.js';

const className = 'TVDC_MeasurementEntry';

/** A measurement log whose entries are shown. */
export interface ShownLog {
  readonly instanceId: string;
  readonly name: string;
  part(start: number, most: number): Uint8Array;
}

const pageSize = 100;

function* entriesOf(log: ShownLog): Iterable<readonly ImaEntry[]> {
  for (let start = 0; ; start += pageSize) {
    const entries = decodeImaLog(log.part(start, pageSize), start);
    if (entries.length > 0) yield entries;
    if (entries.length < pageSize) return;
  }
}

/** The entries of measurement logs one by one, for people; verifiers take the octets from GetMeasurements. */
export function measurementEntryProviders(
  view: HostView,
  logs: () => Iterable<ShownLog>,
  find: (instanceId: string) => ShownLog | undefined,
): readonly Provider[] {
  const { parts, namespace } = view;
  const paths = new Paths(parts.identity, namespace);
  const idOf = (log: ShownLog, index: number): string => `${log.instanceId}:${index}`;

  const show = (context: ProviderContext, log: ShownLog, entry: ImaEntry): CimInstance => {
    const { digest, path } = decodeImaFields(entry);
    return createInstance(
      context.classes.get(className),
      {
        InstanceID: idOf(log, entry.index),
        LogInstanceID: log.instanceId,
        LogName: log.name,
        RecordID: String(entry.index),
        ...elementFacts(path),
        RecordFormat: entry.template,
        RecordData: toHex(entry.data),
        PCRIndex: entry.pcr,
        Digest: toHex(entry.templateHash),
        FileDigest: `${digest.algorithm}:${toHex(digest.value)}`,
        FileName: path,
      },
      { namespace },
    );
  };

  const placeOf = (id: string): { readonly log: ShownLog; readonly index: number } | undefined => {
    const match = /^(.+):(\d+)$/.exec(id);
    const log = match === null ? undefined : find(match[1] as string);
    return log === undefined ? undefined : { log, index: Number(match?.[2]) };
  };

  const entries: Provider = {
    className,
    namespaces: [namespace],
    async *enumerate(context) {
      for (const log of logs()) {
        for (const page of entriesOf(log)) yield page.map((entry) => show(context, log, entry));
      }
    },
    async get(context, path) {
      const place = placeOf(stringKey(path, 'InstanceID') ?? '');
      if (place === undefined) return null;
      const [entry] = decodeImaLog(place.log.part(place.index, 1), place.index);
      return entry === undefined ? null : show(context, place.log, entry);
    },
  };

  const link = (log: ShownLog, index: number): Link => ({
    Log: paths.byId('TVDC_MeasurementLog', log.instanceId),
    Record: paths.byId(className, idOf(log, index)),
  });
  function* linksOfLog(log: ShownLog): Iterable<Link> {
    for (const page of entriesOf(log)) for (const entry of page) yield link(log, entry.index);
  }

  const manages = associationProvider({
    className: 'TVDC_LogManagesRecord',
    namespace,
    *links() {
      for (const log of logs()) yield* linksOfLog(log);
    },
    *linksOf(object) {
      const id = stringKey(object, 'InstanceID') ?? '';
      const whole = find(id);
      if (whole !== undefined) yield* linksOfLog(whole);
      const place = placeOf(id);
      if (place !== undefined) yield link(place.log, place.index);
    },
  });

  return [entries, manages];
}
