import { CimDateTime, type CimInstancePath, createInstance, stringKey } from '../../cim/index.js';
import type { Provider, ProviderContext } from '../../cimom/index.js';
import type { HostParts } from '../../vmm/index.js';
import {
  associationProvider,
  decisionId,
  elementFacts,
  type HostView,
  type Link,
  listProvider,
  operationalFacts,
  Paths,
  type Values,
} from '../kit/index.js';

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
      return entry === undefined || !decisionKinds.some((kind) => kind === entry.kind) ? null : show(context, entry);
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

  const applies = associationProvider({
    className: 'TVDC_RecordAppliesToElement',
    namespace,
    *links(): Iterable<Link> {
      for (const entries of pages()) {
        for (const entry of entries) {
          const element = elementOf(entry);
          if (element !== null) yield { Antecedent: recordPath(entry), Dependent: element };
        }
      }
    },
  });

  return [records, log, manages, use, applies];
}
