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
  /** True when somebody paused the live Deployment: it is to go on. */
  readonly resume?: boolean | undefined;
  /** Annotation of a Deployment whose pod template came by an upgrade of the operator. */
  readonly upgradeMark?: string | undefined;
}
