/** Versions of what the cluster is made of; `tools/NAME/go.mod` holds the same ones (a test compares). */
export const versions = {
  kubernetes: 'v1.36.3',
  etcd: 'v3.6.8',
  coredns: 'v1.15.0',
  helm: 'v4.3.1',
  /** Nodes and pods that are objects only, for the scale run. */
  /** Charts must work with this one, too. */
  helm3: 'v3.22.0',
  kwok: 'v0.8.0',
} as const;

/** A set of programs that is built from one go.mod file. */
export type ToolSet = keyof typeof versions;
