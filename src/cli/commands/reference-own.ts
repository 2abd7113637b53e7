import { readFileSync, realpathSync, statSync } from 'node:fs';
import {
  entriesOfPackage,
  logPath,
  type ReferenceDatabase,
  type ReferenceEntry,
  referenceOfFile,
} from '../../attestation/index.js';
import { packageFolder, packageIdentity } from '../../base/index.js';
import { UsageError } from '../exit.js';
import { print, type Streams, toJson } from '../output/index.js';

export interface OwnOptions {
  readonly data?: string;
  readonly installedAt?: string;
  readonly nodeAt?: string;
  readonly imaPolicy?: boolean;
  readonly uid?: string;
}

function ownFolder(): string {
  return realpathSync(packageFolder());
}

/** Which version the entries are of: several may be wanted while hosts are brought from one to the next. */
function ownSource(): string {
  const { name, version } = packageIdentity();
  return `${name} ${version}`;
}

/** Files that are mapped into this process to be run, besides the interpreter: its libraries. */
function mappedFiles(): readonly string[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  const paths = lines.flatMap((line) => /^\S+ ..x. \S+ \S+ [1-9]\d* +(\/.*)$/.exec(line)?.[1] ?? []);
  return [...new Set(paths)].filter((path) => path !== process.execPath && !path.startsWith(`${ownFolder()}/`));
}

async function* ownEntries(options: OwnOptions): AsyncGenerator<ReferenceEntry> {
  const source = ownSource();
  const { installedAt, nodeAt } = options;
  yield* entriesOfPackage(ownFolder(), { source, ...(installedAt === undefined ? {} : { installedAt }) });
  const node = realpathSync(process.execPath);
  yield {
    ...(await referenceOfFile(node, { source, package: 'node', version: process.versions.node })),
    path: logPath(nodeAt ?? node),
  };
  for (const file of mappedFiles()) yield referenceOfFile(file, { source });
}

/** Puts them into a set, in place of what it had of this version. */
export async function importOwn(
  streams: Streams,
  references: ReferenceDatabase,
  set: string,
  options: OwnOptions,
): Promise<void> {
  const source = ownSource();
  const count = await references.replace(set, ownEntries(options), { source });
  await print(streams, `${set} has the files of ${source}: ${count} entries in all\n`);
}

export async function writeOwn(streams: Streams, options: OwnOptions): Promise<void> {
  for await (const entry of ownEntries(options)) await print(streams, `${toJson(entry)}\n`);
}

/** The file system that a path lies on, as the kernel names its type. */
function fileSystemOf(path: string): string {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [mount, kind] = [line.split(' ')[4], line.split(' - ')[1]?.split(' ')[0]];
      return mount === undefined || kind === undefined ? [] : [{ mount, kind }];
    })
    .filter(({ mount }) => path === mount || path.startsWith(mount === '/' ? '/' : `${mount}/`))
    .sort((a, b) => b.mount.length - a.mount.length);
  return mounts[0]?.kind ?? 'ext4';
}

/**
 * IMA rules (Documentation/ABI/testing/ima_policy of Linux) that measure what this program consists of: rules know no paths,
 * so files are told by their owner and file system, and readers by their user.
 */
export function imaPolicy({ uid }: OwnOptions): string {
  const user = uid === undefined ? (process.getuid?.() ?? 0) : Number(uid);
  if (!Number.isInteger(user) || user < 0) throw new UsageError(`--uid takes a number, not "${String(uid)}"`);
  const owner = statSync(ownFolder()).uid;
  return `# ${ownSource()} in ${ownFolder()}, run by user ${user}
measure func=BPRM_CHECK mask=MAY_EXEC
measure func=MMAP_CHECK mask=MAY_EXEC
measure func=FILE_CHECK mask=MAY_READ fowner=${owner} fsname=${fileSystemOf(ownFolder())} uid=${user}
`;
}
