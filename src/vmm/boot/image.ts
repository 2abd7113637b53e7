import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { ConfigurationError, describeIssues, messageOf } from '../../base/index.js';

const manifestFile = 'image.json';

const manifestForm = z.object({
  format: z.literal(1),
  /** Version text of the core root of trust for measurement. */
  crtm: z.string(),
  firmware: z.string(),
  bootLoader: z.string(),
  bootConfiguration: z.string(),
  kernel: z.string(),
  commandLine: z.string(),
  files: z.array(z.object({ path: z.string(), source: z.string() })),
});

/** A file that the system loads: its path inside the guest and where its content lies on the host. */
export interface ImageFile {
  readonly path: string;
  readonly source: string;
}

/** What a system is made of, in the order in which it is loaded; every name is a file of the host. */
export interface BootImage {
  readonly crtm: string;
  readonly firmware: string;
  readonly bootLoader: string;
  readonly bootConfiguration: string;
  readonly kernel: string;
  readonly commandLine: string;
  readonly files: readonly ImageFile[];
}

/**
 * Reads `image.json` of an image's folder; relative names are relative to the folder.
 * @throws ConfigurationError `bad_image`
 */
export async function readImage(folder: string): Promise<BootImage> {
  const file = join(folder, manifestFile);
  try {
    const manifest = manifestForm.parse(JSON.parse(await readFile(file, 'utf8')));
    const place = (name: string): string => (isAbsolute(name) ? name : join(folder, name));
    return {
      ...manifest,
      firmware: place(manifest.firmware),
      bootLoader: place(manifest.bootLoader),
      bootConfiguration: place(manifest.bootConfiguration),
      kernel: place(manifest.kernel),
      files: manifest.files.map((item) => ({ path: item.path, source: place(item.source) })),
    };
  } catch (error) {
    const why = error instanceof z.ZodError ? describeIssues(error.issues) : messageOf(error);
    throw new ConfigurationError('bad_image', `${file}: ${why}`, { cause: error });
  }
}
