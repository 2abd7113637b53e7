import {
  CimDateTime,
  type CimInstancePath,
  type CimValue,
  createInstance,
  sameName,
  stringKey,
} from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import type { HostParts } from '../../vmm/index.js';
import {
  associationProvider,
  decisionId,
  elementFacts,
  type HostView,
  isPath,
  type Link,
  listProvider,
  operationalFacts,
  Paths,
  type Values,
} from '../kit/index.js';
import { SubjectIndex } from './subject-index.js';

type JournalEntry = NonNullable<ReturnType<HostParts['journal']['get']>>;

const recordClass = 'TVDC_AccessDecision';
const logId = 'TVDC:decision-log';
const idPrefix = decisionId('');
const pageSize = 100;

/** Kinds of journal entries that are shown as decisions. */
export const decisionKinds = ['decision', 'forbidden', 'label', 'policy', 'violation'] as const;

function text(entry: JournalEntry, name: string): string | null {
  const value = entry.facts[name];
  return typeof value === 'string' ? value : null;
}

function isDenial(entry: JournalEntry): boolean {
  return entry.kind === 'forbidden' || entry.facts['decision'] === 'deny';
}

function sentenceOf(entry: JournalEntry): string {
  const attempt = text(entry, 'attempt');
  if (attempt !== null) return `${entry.actor} may not ${attempt}`;
  return text(entry, 'sentence') ?? [text(entry, 'change'), entry.subject].filter((item) => item !== null).join(' ');
}

function recordValues(entry: JournalEntry, cover: (text: string) => string): Values {
  return {
    InstanceID: decisionId(entry.id),
    LogInstanceID: logId,
    LogName: 'Decisions',
    RecordID: entry.id,
    ...elementFacts(cover(sentenceOf(entry))),
    CreationTimeStamp: CimDateTime.fromUnix(entry.time),
    RecordFormat: 'JSON',
    RecordData: cover(JSON.stringify(entry.facts)),
    Hook: text(entry, 'hook') ?? entry.kind,
    Outcome: isDenial(entry) ? 'deny' : 'permit',
    Reason: text(entry, 'reason') ?? (entry.kind === 'forbidden' ? 'not_authorized' : 'ok'),
    Rule: text(entry, 'rule') ?? (entry.kind === 'forbidden' ? 'role' : entry.kind),
    EnforcedBy: text(entry, 'enforced_by') ?? 'management VM',
    Actor: entry.actor,
    Subject: entry.subject,
    Repeated: typeof entry.facts['repeated'] === 'number' ? entry.facts['repeated'] : 0,
    PerceivedSeverity: isDenial(entry) ? 5 : 2,
  };
}

/** The log of decisions: a view of the journal. */
export function decisionProviders(view: HostView): readonly Provider[] {
  const { parts, namespace } = view;
  const { journal } = parts;
  const paths = new Paths(parts.identity, namespace);

  function* pages(): Iterable<readonly JournalEntry[]> {
    let after = 0;
    for (;;) {
      const page = journal.read({ after, limit: pageSize, kinds: decisionKinds });
      yield page.entries;
      if (page.end) return;
      after = page.after;
    }
  }
  const isDecision = (entry: JournalEntry): boolean => decisionKinds.some((kind) => kind === entry.kind);
  const show = (context: ProviderContext, entry: JournalEntry) =>
    createInstance(
      context.classes.get(recordClass),
      recordValues(entry, (text) => view.veil.cover(context.caller, text)),
      { namespace },
    );

  const records: Provider = {
    className: recordClass,
    namespaces: [namespace],
    async *enumerate(context) {
      for (const entries of pages()) if (entries.length > 0) yield entries.map((entry) => show(context, entry));
    },
    async get(context, path) {
      const id = stringKey(path, 'InstanceID') ?? '';
      const entry = id.startsWith(idPrefix) ? journal.get(id.slice(idPrefix.length)) : undefined;
      return entry === undefined || !isDecision(entry) ? null : show(context, entry);
    },
  };

  const log = listProvider({
    className: 'TVDC_DecisionLog',
    namespace,
    rows: () => [parts.identity],
    values: () => ({
      InstanceID: logId,
      Name: 'Decisions',
      ...elementFacts('Decisions', 'What the reference monitor decided and who tried what they may not.'),
      ...operationalFacts(),
      EnabledState: 2,
      RequestedState: 12,
      OverwritePolicy: 7,
      LogState: 2,
    }),
    methods: { ClearLog: async () => ({ returnValue: 1 }) },
  });

  const logPath = paths.byId('TVDC_DecisionLog', logId);
  const recordPath = (entry: JournalEntry): CimInstancePath => paths.byId(recordClass, decisionId(entry.id));

  const manages = associationProvider({
    className: 'TVDC_LogManagesRecord',
    namespace,
    *links() {
      for (const entries of pages()) for (const entry of entries) yield { Log: logPath, Record: recordPath(entry) };
    },
    *linksOf(object) {
      const id = stringKey(object, 'InstanceID') ?? '';
      if (id.startsWith(idPrefix)) {
        const entry = journal.get(id.slice(idPrefix.length));
        if (entry !== undefined) yield { Log: logPath, Record: recordPath(entry) };
      } else if (id === logId) {
        for (const entries of pages()) for (const entry of entries) yield { Log: logPath, Record: recordPath(entry) };
      }
    },
  });

  const use = associationProvider({
    className: 'TVDC_UseOfLog',
    namespace,
    *links() {
      yield { Antecedent: logPath, Dependent: paths.host() };
    },
  });

  const elementOf = (entry: JournalEntry): CimInstancePath | null => {
    const id = entry.subject ?? '';
    if (parts.inventory.vm(id) !== undefined) return paths.vm(id);
    const volume = parts.inventory.volume(id);
    if (volume !== undefined) return paths.volume(volume);
    const vlan = parts.inventory.vlan(Number(/^vlan:(\d+)$/.exec(id)?.[1]));
    return vlan === undefined ? null : paths.vlan(vlan);
  };

  const isRecord = (value: unknown): value is CimInstancePath =>
    isPath(value as CimValue) && sameName((value as CimInstancePath).className, recordClass);
  const link = (entry: JournalEntry): Link | null => {
    const element = elementOf(entry);
    return element === null ? null : { Antecedent: recordPath(entry), Dependent: element };
  };
  const subjects = new SubjectIndex(journal, parts.identity.uuid, decisionKinds);
  /** What the journal calls the element that a path names. */
  const subjectOf = (path: CimInstancePath): string => {
    const key = (name: string): string => stringKey(path, name) ?? '';
    switch (path.className.toLowerCase()) {
      case 'tvdc_computersystem':
        return key('Name');
      case 'tvdc_storagevolume':
        return key('DeviceID');
      case 'tvdc_vlan':
        return /:(vlan:\d+)$/.exec(key('InstanceID'))?.[1] ?? '';
      default:
        return '';
    }
  };
  async function linksOf(object: CimInstancePath): Promise<readonly Link[]> {
    const id = stringKey(object, 'InstanceID') ?? '';
    const ids = id.startsWith(idPrefix) ? [id.slice(idPrefix.length)] : await subjects.of(subjectOf(object));
    const found: Link[] = [];
    for (const known of ids) {
      const entry = journal.get(known);
      const one = entry === undefined || !isDecision(entry) ? null : link(entry);
      if (one !== null) found.push(one);
    }
    return found;
  }
  const appliesClass = 'TVDC_RecordAppliesToElement';
  const applies: Provider = {
    ...associationProvider({
      className: appliesClass,
      namespace,
      *links(): Iterable<Link> {
        for (const entries of pages())
          for (const entry of entries) {
            const one = link(entry);
            if (one !== null) yield one;
          }
      },
    }),
    async *references(context, object, role) {
      const own = sameName(object.className, recordClass) ? 'Antecedent' : 'Dependent';
      if (role !== null && !sameName(role, own)) return;
      const found = await linksOf(object);
      const cls = context.classes.get(appliesClass);
      for (let at = 0; at < found.length; at += pageSize)
        yield found.slice(at, at + pageSize).map((one) => createInstance(cls, one, { namespace }));
    },
    async get(context, path) {
      const record = path.keys.map(({ value }) => value).find((value) => isRecord(value));
      const [found] = record === undefined ? [] : await linksOf(record);
      return found === undefined ? null : createInstance(context.classes.get(appliesClass), found, { namespace });
    },
  };

  return [records, log, manages, use, applies];
}
