/** The MOF files that come with the product, by namespace; names in the folder `mof/`. */
export const builtinMofFiles = {
  'root/interop': 'interop.mof',
  'root/tvdc': 'tvdc.mof',
  'root/cimv2': 'cimv2.mof',
} as const;

/** What `root/tvdc` of a verifier gets in place of `tvdc.mof`: the same and the classes of verdicts. */
export const verifierMofFile = 'verifier.mof';
