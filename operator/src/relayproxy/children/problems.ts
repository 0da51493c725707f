import type { RelayProxy } from '@flagrelay/crds';
import { ApiError, isConflict, isForbidden, isTerminal } from '@flagrelay/kube/api-error';
import type { Deployment } from '../resources/kubernetes-types.ts';
import type { ChildProblem } from '../status/snapshot.ts';
import { ForeignObjectError } from './apply.ts';
import { ConfigTooLargeError } from './config-history.ts';
import { KindDisabledError, KindNotInstalledError } from './kind-not-installed.ts';
import { LeftoverError } from './refuse-deleted.ts';

/** The API server took the Deployment but left the image volume out, and with it all data. */
export class ImageVolumeDroppedError extends Error {
  override readonly name = 'ImageVolumeDroppedError';
}

const needsImageVolumes =
  'this API server does not know image volumes, which `spec.offline.image` needs: Kubernetes 1.35, or 1.33 with the feature gate ImageVolume';

/**
 * Throws ImageVolumeDroppedError when the live Deployment lacks the volume of `spec.offline.image`: an API server whose
 * feature gate is off drops the volume and its mount silently.
 */
export function refuseDroppedImageVolume({ spec }: RelayProxy, live: Deployment | undefined): void {
  if (spec.offline?.image === undefined || live === undefined) return;
  const volumes = live.spec?.template.spec?.volumes ?? [];
  if (!volumes.some(({ image }) => image !== undefined)) {
    throw new ImageVolumeDroppedError(`${needsImageVolumes} (it left the volume out)`);
  }
}

/** What a failure to apply a child is for the reader of the status; undefined for what is no refusal. */
export function problemOf(error: unknown, relayProxy: RelayProxy): ChildProblem | undefined {
  if (error instanceof ForeignObjectError) return { reason: 'FieldConflict', message: error.message };
  if (error instanceof LeftoverError) return { reason: 'ApplyFailed', message: error.message };
  if (error instanceof ConfigTooLargeError) return { reason: 'ApplyFailed', message: error.message };
  if (error instanceof KindDisabledError) return { reason: 'KindDisabled', message: error.message };
  if (error instanceof KindNotInstalledError) return { reason: 'KindNotInstalled', message: error.message };
  if (error instanceof ImageVolumeDroppedError) return { reason: 'ImageVolumeUnsupported', message: error.message };
  if (!(error instanceof ApiError)) return undefined;
  // The words of the server alone: they name the object, and whoever reads the status does not care for requests.
  const message = error.message.replace(`${error.request}: ${error.code} ${error.reason}: `, '');
  if (isForbidden(error)) {
    return { reason: message.includes('exceeded quota') ? 'QuotaExceeded' : 'Forbidden', message };
  }
  if (relayProxy.spec.offline?.image && isWithoutImageVolumes(error)) {
    const words = 'this API server does not know image volumes, which `spec.offline.image` needs: Kubernetes 1.35, or';
    return {
      reason: 'ImageVolumeUnsupported',
      message: `${words} 1.33 with the feature gate ImageVolume (${message})`,
    };
  }
  return { reason: isConflict(error) ? 'FieldConflict' : 'ApplyFailed', message };
}

/** True when trying again at once is of no use. */
export function isFinal(error: unknown): boolean {
  const ours = [
    ConfigTooLargeError,
    ForeignObjectError,
    KindDisabledError,
    KindNotInstalledError,
    ImageVolumeDroppedError,
  ];
  return ours.some((type) => error instanceof type) || isTerminal(error) || isNamespaceGoing(error);
}

/** True when nothing can be made any more because the namespace is being deleted: the RelayProxy goes next. */
function isNamespaceGoing(error: unknown): boolean {
  return error instanceof ApiError && error.causes.some(({ reason }) => reason === 'NamespaceTerminating');
}

/** True for the refusal of a volume whose source is an image by a server that never heard of it. */
function isWithoutImageVolumes(error: ApiError): boolean {
  return (
    error.message.includes('must specify a volume type') || /\.image: field not declared in schema/.test(error.message)
  );
}
