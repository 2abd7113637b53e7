import { z } from 'zod';
import { labelText, type PolicyIdentity } from '../../acm/index.js';
import { hash, TvdcError, toHex } from '../../base/index.js';
import { canonicalJson } from '../../store/index.js';
import { vtpmBackends } from '../../vtpm/index.js';
import { imageDigest } from '../boot/index.js';
import { VmmError } from '../errors.js';
import { criticalities, type VirtualMachine, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';

const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const text = z.string().max(4096);

const form = z.object({
  format: z.literal('tvdc-migration-1'),
  id: uuid,
  source: z.object({ uuid, name: text }),
  policy: z.object({ name: text, version: text, sha256: text }),
  label: text.nullable(),
  vm: z.object({
    uuid,
    name: text.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
    memoryMiB: z.int().positive(),
    processors: z.int().positive(),
    criticality: z.enum(criticalities),
    trusted: z.boolean(),
    image: text.nullable(),
    imageDigest: text.nullable(),
    tpm: z.enum(vtpmBackends).nullable(),
    state: z.enum(['off', 'running', 'paused']),
    createdAt: z.int(),
  }),
  disks: z
    .array(
      z.object({
        id: uuid,
        name: text,
        resource: text,
        sizeBytes: z.int(),
        used: z.boolean(),
        label: text.nullable(),
      }),
    )
    .max(256),
  ports: z
    .array(
      z.object({
        id: uuid,
        mac: text.regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
        vlanId: z.int().min(1).max(4095),
        label: text.nullable(),
      }),
    )
    .max(256),
});

/**
 * What a source asks a destination to take: the virtual machine, what it stands on, and under which policy it is protected.
 * `id` is good for one migration. Labels are texts as {@link labelText} writes them, null where there is none.
 */
export type MigrationProposal = Omit<z.infer<typeof form>, 'format'>;

/** A proposal as it travels, and as its digest is made. */
export function encodeProposal(proposal: MigrationProposal): string {
  return canonicalJson({ format: 'tvdc-migration-1', ...proposal });
}

/** @throws TvdcError `bad_proposal` */
export function decodeProposal(octets: string): MigrationProposal {
  try {
    const { format: _format, ...proposal } = form.parse(JSON.parse(octets));
    return proposal;
  } catch (cause) {
    throw new TvdcError('bad_proposal', 'the proposal of a migration cannot be read', { cause });
  }
}

/** SHA-256 of a proposal, hex. */
export function digestOf(proposal: MigrationProposal): string {
  return toHex(hash('sha256', Buffer.from(encodeProposal(proposal))));
}

/** What this host enforces. */
export function enforcedPolicy(parts: HostParts): PolicyIdentity {
  const { name, version, sha256 } = parts.monitor.policy;
  return { name, version, sha256 };
}

function textOf(label: Parameters<typeof labelText>[0] | undefined): string | null {
  return label === undefined ? null : labelText(label);
}

export function labelOfVm(parts: HostParts, vm: string): string | null {
  return textOf(parts.monitor.labels.vm(vm));
}

export function labelOfResource(parts: HostParts, resource: string): string | null {
  return textOf(parts.monitor.labels.resource(resource));
}

/**
 * What there is to say of a virtual machine of this host.
 * @throws VmmError `not_found`, `wrong_state` @throws ConfigurationError `bad_image`: what it boots is not there any more
 */
export async function proposalOf(parts: HostParts, vm: VirtualMachine, id: string): Promise<MigrationProposal> {
  const { state } = vm;
  if (state === 'saved') throw new VmmError('wrong_state', [vm.name, state, 'migrate', 'off, running or paused']);
  return {
    id,
    source: { uuid: parts.identity.uuid, name: parts.identity.name },
    policy: enforcedPolicy(parts),
    label: labelOfVm(parts, vm.uuid),
    vm: {
      uuid: vm.uuid,
      name: vm.name,
      memoryMiB: vm.memoryMiB,
      processors: vm.processors,
      criticality: vm.criticality,
      trusted: vm.trusted === true,
      image: vm.image,
      imageDigest: vm.image === null ? null : await imageDigest(vm.image),
      tpm: vm.tpm ? (parts.vtpms.get(vm.uuid)?.backend ?? null) : null,
      state,
      createdAt: vm.createdAt,
    },
    disks: vm.disks.map(({ id: disk, volume }) => {
      const found = parts.inventory.volume(volume);
      if (found === undefined) throw new VmmError('not_found', [volume]);
      const { name, resource, sizeBytes, used } = found;
      return { id: disk, name, resource, sizeBytes, used, label: labelOfResource(parts, resource) };
    }),
    ports: vm.ports.map((port) => ({ ...port, label: labelOfResource(parts, vlanResource(port.vlanId)) })),
  };
}
