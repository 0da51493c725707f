/** What builders need to know beside the RelayProxy itself. */
export interface Facts {
  /** Image for a RelayProxy that names none. */
  readonly relayImage: string;
  /** Folder of the pages that alerts point to. */
  readonly runbookBaseUrl: string;
  /** Release of the operator, for labels. */
  readonly version: string;
  /** Where the operator runs; undefined outside a cluster. */
  readonly operatorNamespace?: string | undefined;
  /** How many replicas the Deployment has; undefined leaves them to a HorizontalPodAutoscaler: they are not applied. */
  readonly replicas: number | undefined;
  /** Annotation of a Deployment whose pod template came by an upgrade of the operator. */
  readonly upgradeMark?: string | undefined;
  /** Earlier ConfigMaps with configurations, newest first, that pods or ReplicaSets of the Deployment may still mount. */
  readonly configHistory?: readonly string[] | undefined;
  /** Name of the port of the Service that is there: it stays, as a renamed port has no endpoints for a moment. */
  readonly servicePortName?: string | undefined;
  /** What earlier pods still need; undefined once all pods are of the newest template. */
  readonly before?: PodsOfBefore | undefined;
}

/** What pods of an earlier template need for as long as they run. */
export interface PodsOfBefore {
  /** Ports that SDKs reach them at. */
  readonly sdkPorts: readonly number[];
  /** Their operations ports. */
  readonly opsPorts: readonly number[];
  /** They hold the Lease of mode 'Daemon', or may. */
  readonly lease: boolean;
}
