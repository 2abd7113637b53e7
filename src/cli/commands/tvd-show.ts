import type { Command } from 'commander';
import type { DomainView } from '../../client/management/index.js';
import { connectHost, outputForm, withConnection } from '../connection/index.js';
import { print, type Streams, toJson, writeRecords } from '../output/index.js';
import { lastVerdicts } from './known-verdicts.js';
import { type VerdictSource, withVerdicts } from './verdict-source.js';
import type { VerdictRecord } from './verdict-record.js';

interface Member {
  readonly kind: 'vm' | 'volume' | 'vlan';
  readonly name: string;
  readonly state: string | null;
  readonly label: string | null;
  /** Of virtual machines; null: none is known here. */
  readonly verdict: string | null;
  readonly id: string;
}

function membersOf(view: DomainView, verdicts: ReadonlyMap<string, VerdictRecord>): readonly Member[] {
  const resource =
    (kind: 'volume' | 'vlan') =>
    (element: DomainView['volumes'][number]): Member => {
      const { name, label, id } = element;
      return { kind, name, state: null, label, verdict: null, id };
    };
  return [
    ...view.vms.map(({ name, state, label, id }): Member => {
      const verdict = verdicts.get(id.toLowerCase())?.verdict ?? null;
      return { kind: 'vm', name, state, label, verdict, id };
    }),
    ...view.volumes.map(resource('volume')),
    ...view.vlans.map(resource('vlan')),
  ];
}

async function show(streams: Streams, name: string, options: VerdictSource): Promise<void> {
  const form = outputForm(options);
  const { hostDomain, viewDomain } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const view = await viewDomain(host, await hostDomain(host, name));
  const members = membersOf(view, await lastVerdicts(options));
  const { id, types, datacenter, conflicts } = view;
  if (form !== 'table') {
    const record = { name: view.name, id, datacenter, types, members, conflicts };
    return print(streams, `${toJson(record, form === 'json' ? 2 : undefined)}\n`);
  }
  const told = conflicts.map(({ set, others, running }) => {
    const now = running.length === 0 ? 'none of those runs now' : `now: ${running.join(', ')}`;
    return `conflict     ${set}: not beside machines with ${others.join(', ')}; ${now}\n`;
  });
  await print(
    streams,
    `domain       ${view.name}\ndatacenter   ${datacenter ?? '-'}\ntypes        ${types.join(' ')}\n${told.join('')}\n`,
  );
  await writeRecords(streams, form, members, [
    ['KIND', (member) => member.kind],
    ['MEMBER', (member) => member.name],
    ['STATE', (member) => member.state ?? '-'],
    ['LABEL', (member) => member.label ?? '-'],
    ['VERDICT', (member) => (member.kind === 'vm' ? (member.verdict ?? 'not known') : '-')],
    ['ID', (member) => member.id],
  ]);
}

/** `tvdc tvd show`. */
export function addTvdShow(tvd: Command, streams: Streams): void {
  withVerdicts(withConnection(tvd.command('show')))
    .argument('<domain>', 'name or UUID')
    .description('members of a domain with state and the last verdict that is known, and what they conflict with')
    .action((name: string, options: VerdictSource) => show(streams, name, options));
}
