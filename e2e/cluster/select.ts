import { existsSync } from 'node:fs';
import { dockerAnswers } from '../images/engine.ts';
import { findOnPath } from '../machine/packages.ts';
import type { Cluster } from './cluster.ts';
import { givenCluster } from './given-cluster.ts';
import { kindCluster } from './kind-cluster.ts';
import { localCluster } from './local/local-cluster.ts';

/**
 * The cluster to use: the one that `FLAGRELAY_KUBECONFIG` gives; else one of kind, when it is installed and a Docker
 * engine answers; else the one that runs as plain processes on this machine.
 *
 * @throws Error when `FLAGRELAY_KUBECONFIG` names a file that does not exist
 */
export async function cluster(env: NodeJS.ProcessEnv = process.env): Promise<Cluster> {
  const given = env.FLAGRELAY_KUBECONFIG;
  if (given) {
    if (!existsSync(given)) throw new Error(`FLAGRELAY_KUBECONFIG: there is no file ${given}`);
    return givenCluster(given);
  }
  const kind = findOnPath('kind');
  return kind !== undefined && (await dockerAnswers()) ? kindCluster(kind) : localCluster();
}
