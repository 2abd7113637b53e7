import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Programs and libraries of this machine that a sample system loads; those that are not here are left out. */
const wantedFiles = [
  '/usr/bin/sh',
  '/usr/bin/env',
  '/usr/bin/cat',
  '/usr/bin/ls',
  '/usr/bin/mount',
  '/usr/bin/login',
  '/usr/sbin/init',
  '/etc/os-release',
  '/etc/passwd',
  '/etc/nsswitch.conf',
  '/lib64/ld-linux-x86-64.so.2',
  '/lib/x86_64-linux-gnu/libc.so.6',
  '/lib/x86_64-linux-gnu/libm.so.6',
  '/lib/aarch64-linux-gnu/libc.so.6',
] as const;

/** What makes one sample system differ from the next. */
export interface SampleImage {
  /** A file of the image whose content was changed after the references were taken: its path in the guest. */
  readonly tamperedPath: string | null;
}

interface ManifestFile {
  readonly path: string;
  readonly source: string;
}

function filesOfThisMachine(): ManifestFile[] {
  const files = wantedFiles.filter((path) => existsSync(path)).map((path) => ({ path, source: realpathSync(path) }));
  return [...files, { path: '/usr/bin/node', source: process.execPath }];
}

function kernelOfThisMachine(): string | null {
  try {
    const found = readdirSync('/boot').find((name) => name.startsWith('vmlinuz-'));
    return found === undefined ? null : join('/boot', found);
  } catch {
    return null;
  }
}

/**
 * Writes the image of a sample system: its boot chain as small files of its own (or this machine's kernel where there is
 * one), its programs as the real files of this machine.
 */
export function writeSampleImage(folder: string, image: SampleImage): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'firmware.bin'), 'tvdc sample firmware 1\n');
  writeFileSync(join(folder, 'loader.bin'), 'tvdc sample boot loader 1\n');
  writeFileSync(join(folder, 'loader.cfg'), 'set default=0\nlinux /vmlinuz root=/dev/vda1 ro ima_policy=tcb\n');
  writeFileSync(join(folder, 'kernel.bin'), 'tvdc sample kernel 1\n');
  const service = '#!/bin/sh\nexec /usr/bin/node /srv/workload/main.js\n';
  writeFileSync(
    join(folder, 'service.sh'),
    image.tamperedPath === null ? service : `${service}# and one line that was not there\n`,
  );
  const own: ManifestFile[] = [{ path: '/srv/workload/start.sh', source: 'service.sh' }];
  const manifest = {
    format: 1,
    crtm: 'tvdc-crtm 1.0',
    firmware: 'firmware.bin',
    bootLoader: 'loader.bin',
    bootConfiguration: 'loader.cfg',
    kernel: kernelOfThisMachine() ?? 'kernel.bin',
    commandLine: 'root=/dev/vda1 ro ima_policy=tcb',
    files: [...filesOfThisMachine(), ...own],
  };
  writeFileSync(join(folder, 'image.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Path of the workload's start script in every sample image. */
export const sampleServicePath = '/srv/workload/start.sh';
